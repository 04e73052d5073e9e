package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"invisibleart.example/gallery"
)

const (
	maxDepth  = 16 // of nesting; the deepest body that is meant has 4
	maxFields = 50 // places named in one answer
)

// parseJSON reads exactly one JSON value, as nil, bool, json.Number, string,
// []any and map[string]any. It is stricter than encoding/json, which lets the
// last of two equal names win, and makes the replacement character of whatever
// is not text: what the server understood could then differ from what a filter
// in front of it saw.
//
// It refuses with Malformed what is not JSON in UTF-8, what follows the value,
// half a surrogate pair, and deep nesting; with Invalid, naming the places,
// names that come twice.
func parseJSON(text []byte) (any, error) {
	switch {
	case !utf8.Valid(text):
		return nil, gallery.Errorf(gallery.Malformed, "The JSON is not valid UTF-8.")
	case !json.Valid(text):
		return nil, malformedJSON(text)
	case halfSurrogate(text):
		return nil, gallery.Errorf(gallery.Malformed, "The JSON holds half a surrogate pair (\\ud800 to \\udfff), which is no character.")
	}
	p := parser{Decoder: json.NewDecoder(bytes.NewReader(text))}
	p.UseNumber()
	value, err := p.value("", 0)
	if err != nil {
		return nil, err
	}
	if len(p.twice) > 0 {
		return nil, gallery.InvalidFields(p.twice...)
	}
	return value, nil
}

// malformedJSON says where the text stops being JSON, without quoting it: it
// may hold a password.
func malformedJSON(text []byte) error {
	var value any
	err := json.Unmarshal(text, &value)
	if s, ok := err.(*json.SyntaxError); ok {
		return gallery.Errorf(gallery.Malformed, "The body is not one JSON value (it stops being one at byte %d).", s.Offset)
	}
	return gallery.Errorf(gallery.Malformed, "The body is not one JSON value.")
}

type parser struct {
	*json.Decoder
	twice []gallery.FieldError
}

// value reads the next value. The syntax has been checked, so that the only
// thing that can go wrong is the depth.
func (p *parser) value(at string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, gallery.Errorf(gallery.Malformed, "The JSON is nested more than %d deep.", maxDepth)
	}
	token, err := p.Token()
	if err != nil {
		return nil, fmt.Errorf("read checked JSON: %w", err)
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for p.More() {
			item, err := p.value(at+"["+strconv.Itoa(len(list))+"]", depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err = p.Token()
		return list, err
	case json.Delim('{'):
		return p.object(at, depth)
	default:
		return token, nil
	}
}

func (p *parser) object(at string, depth int) (any, error) {
	members := map[string]any{}
	for p.More() {
		token, err := p.Token()
		if err != nil {
			return nil, fmt.Errorf("read checked JSON: %w", err)
		}
		name := token.(string)
		value, err := p.value(join(at, name), depth+1)
		if err != nil {
			return nil, err
		}
		if _, again := members[name]; again && len(p.twice) < maxFields {
			p.twice = append(p.twice, gallery.FieldError{Location: join(at, name), Message: "is given twice"})
		}
		members[name] = value
	}
	_, err := p.Token()
	return members, err
}

// join is the location of a member.
func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// halfSurrogate tells whether an escape in the JSON text stands for a
// surrogate without its other half (RFC 8259, section 8.2). Outside of strings
// valid JSON has no backslash, so that it is enough to follow those.
func halfSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // at the character after the backslash; an escaped backslash ends here
		if text[i] != 'u' {
			continue
		}
		first := escape(text[i:])
		i += 4
		switch {
		case first >= 0xDC00 && first <= 0xDFFF:
			return true
		case first >= 0xD800 && first <= 0xDBFF:
			if i+2 >= len(text) || text[i+1] != '\\' || text[i+2] != 'u' {
				return true
			}
			if second := escape(text[i+2:]); second < 0xDC00 || second > 0xDFFF {
				return true
			}
			i += 6
		}
	}
	return false
}

// escape reads the four hexadecimal digits after a u.
func escape(text []byte) int64 {
	if len(text) < 5 {
		return 0
	}
	n, err := strconv.ParseInt(string(text[1:5]), 16, 32)
	if err != nil {
		return 0
	}
	return n
}
