package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"invisibleart.example/gallery"
)

// fields reads an object field by field and collects what is wrong, each with
// its place, so that one answer names everything. Names are taken exactly:
// encoding/json would read "Title" for "title". What is not asked for by the
// time of done is refused: a field that is silently ignored is a promise that
// nobody made.
type fields struct {
	at       string // the location of the object, "" for the body itself
	values   map[string]any
	asked    map[string]bool
	problems *[]gallery.FieldError
}

// objectAt reads value as an object at a location. With anything else it notes
// the problem and ok is false.
func objectAt(value any, at string, problems *[]gallery.FieldError) (f fields, ok bool) {
	f = fields{at: at, asked: map[string]bool{}, problems: problems}
	if f.values, ok = value.(map[string]any); !ok {
		f.note(cmp.Or(at, "body"), "must be an object")
	}
	return f, ok
}

func (f fields) note(location, message string) {
	*f.problems = append(*f.problems, gallery.FieldError{Location: location, Message: message})
}

func (f fields) wrong(name, message string) { f.note(join(f.at, name), message) }

// get takes a field; there is false where it is not given. null is a value, and
// of no type that any field has.
func (f fields) get(name string) (value any, there bool) {
	f.asked[name] = true
	value, there = f.values[name]
	return value, there
}

// require takes a field that must be given.
func (f fields) require(name string) (value any, there bool) {
	if value, there = f.get(name); !there {
		f.wrong(name, "is required")
	}
	return value, there
}

// text is a field that must be given, and text.
func (f fields) text(name string) string {
	if value, there := f.require(name); there {
		return f.asText(name, value)
	}
	return ""
}

// maybeText is a field that may be left out, nil then.
func (f fields) maybeText(name string) *string {
	value, there := f.get(name)
	if !there {
		return nil
	}
	text := f.asText(name, value)
	return &text
}

func (f fields) asText(name string, value any) string {
	text, ok := value.(string)
	if !ok {
		f.wrong(name, "must be text")
	}
	return text
}

// flag is true or false, false where it is left out.
func (f fields) flag(name string) bool {
	value, there := f.get(name)
	if !there {
		return false
	}
	flag, ok := value.(bool)
	if !ok {
		f.wrong(name, "must be true or false")
	}
	return flag
}

// whole is a whole number, written without fraction and exponent.
func (f fields) whole(name string, value any) int64 {
	number, ok := value.(json.Number)
	if !ok {
		f.wrong(name, "must be a whole number")
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		f.wrong(name, "must be a whole number of at most 64 bits")
	}
	return n
}

// ours are names that stand in answers and that nobody may set. They are told
// apart from the unknown ones because who sends them means something by it.
var ours = []string{
	"id", "artist", "content", "content_type", "size", "seal", "is_revealed", "revealed_at", "view_count", "comment_count",
	"reactions", "created_at", "updated_at", "is_admin", "is_active", "is_artist", "email", "is_met", "progress", "user", "seq", "read_at",
}

// done refuses the fields that nobody asked for, in the order of their names.
func (f fields) done() {
	var surplus []string
	for name := range f.values {
		if !f.asked[name] {
			surplus = append(surplus, name)
		}
	}
	slices.Sort(surplus)
	for _, name := range surplus {
		if slices.Contains(ours, name) {
			f.wrong(name, "cannot be set")
		} else {
			f.wrong(name, "is not known here")
		}
	}
}

// refuse is the error for the problems found, nil for none.
func refuse(problems []gallery.FieldError) error {
	if len(problems) == 0 {
		return nil
	}
	return gallery.InvalidFields(problems[:min(len(problems), maxFields)]...)
}
