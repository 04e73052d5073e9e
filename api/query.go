package api

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"invisibleart.example/gallery"
)

// query reads the parameters of a list and collects what is wrong with them.
// Parameters that nobody asks for are ignored: unlike fields they promise
// nothing, and what links and proxies append must not break a list.
type query struct {
	values   url.Values
	problems []gallery.FieldError
}

// readQuery hands the query of the request to read. Malformed when it does not
// parse, Invalid with the places that read found.
func readQuery(r *request, read func(*query)) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return gallery.Errorf(gallery.Malformed, "The query of the address cannot be read.")
	}
	q := &query{values: values}
	read(q)
	return refuse(q.problems)
}

func (q *query) wrong(name, message string) {
	q.problems = append(q.problems, gallery.FieldError{Location: name, Message: message})
}

// text is a parameter that a database can search for, "" without it.
func (q *query) text(name string) string {
	values := q.values[name]
	if len(values) == 0 {
		return ""
	}
	text := strings.TrimSpace(values[0])
	switch {
	case len(values) > 1:
		q.wrong(name, "is given twice")
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		q.wrong(name, "must be UTF-8 without NUL")
	case utf8.RuneCountInString(text) > 255:
		q.wrong(name, "must have at most 255 characters")
	}
	return text
}

// flag is true or false, nil without it.
func (q *query) flag(name string) *bool {
	if !q.values.Has(name) {
		return nil
	}
	text := q.text(name)
	if text != "true" && text != "false" {
		q.wrong(name, "must be true or false")
	}
	flag := text == "true"
	return &flag
}

// page is the part of a list that is asked for.
func (q *query) page() gallery.Page {
	page := gallery.Page{Limit: 20, Cursor: q.values.Get("cursor")}
	if len(q.values["cursor"]) > 1 {
		q.wrong("cursor", "is given twice")
	}
	if q.values.Has("limit") {
		n, err := strconv.Atoi(q.text("limit"))
		if err != nil || n < 1 || n > 100 {
			q.wrong("limit", "must be a whole number from 1 to 100")
		}
		page.Limit = n
	}
	return page
}

// list is the answer of every list.
type list[T any] struct {
	Results []T     `json:"results"`
	Next    *string `json:"next"` // the cursor of what follows, null at the end
}

// listOf makes the answer of a list of things, each shaped by shape.
func listOf[From, To any](things []From, next string, shape func(From) To) list[To] {
	l := list[To]{Results: make([]To, len(things))}
	for i, thing := range things {
		l.Results[i] = shape(thing)
	}
	if next != "" {
		l.Next = &next
	}
	return l
}
