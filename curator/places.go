package curator

import (
	"fmt"
	"strings"

	"invisibleart.example/gallery"
)

// places collects what is wrong with an input, so that one answer names all of
// it.
type places []gallery.FieldError

// text holds a text against its rule and returns it as it is stored. A place
// that could not even be read gets no second complaint.
func (p *places) text(location string, rule func(string) (string, string), s string) string {
	text, problem := rule(s)
	if problem != "" && !p.has(location) {
		p.add(location, "%s", problem)
	}
	return text
}

// optional is text for a field that may be left as it is.
func (p *places) optional(location string, rule func(string) (string, string), s *string) *string {
	if s == nil {
		return nil
	}
	text := p.text(location, rule, *s)
	return &text
}

func (p *places) add(location, format string, args ...any) {
	*p = append(*p, gallery.FieldError{Location: location, Message: fmt.Sprintf(format, args...)})
}

// has tells whether something is wrong already at the location or inside it.
func (p places) has(location string) bool {
	for _, f := range p {
		rest, found := strings.CutPrefix(f.Location, location)
		if found && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// err is nil when nothing is wrong.
func (p places) err() error {
	if len(p) == 0 {
		return nil
	}
	return gallery.InvalidFields(p...)
}
