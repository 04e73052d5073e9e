package web

import (
	"errors"
	"net/http"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

// failure is what the page of an error shows.
type failure struct {
	Status  int
	Title   string
	Detail  string
	Missing bool // nothing is here: the empty place on the wall
	SignIn  bool // signing in would help
}

// fail answers with the page that err becomes, and with nothing that err does
// not say to people: the text of an unknown error is written to the log once.
// Nothing may have been written before.
func (s *site) fail(w http.ResponseWriter, v *visit, err error) {
	page := failure{Status: problem.Status(err)}
	for _, kind := range problem.Kinds() {
		if kind.Status == page.Status {
			page.Title, page.Detail = kind.Title, kind.Meaning
		}
	}
	problem.Report(s.Log, v.Request, err)
	if e, ok := errors.AsType[*gallery.Error](err); ok {
		if e.Code != gallery.Internal && e.Message != "" {
			page.Detail = e.Message
		}
		if page.Status == http.StatusTooManyRequests || page.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", problem.RetryAfter(e.RetryAfter))
		}
	}
	page.Missing = page.Status == http.StatusNotFound
	page.SignIn = page.Status == http.StatusUnauthorized
	if page.SignIn {
		w.Header().Set("WWW-Authenticate", `Bearer realm="gallery"`) // RFC 9110, section 11.6.1
	}
	w.Header().Set("Cache-Control", "no-store")
	if renderErr := s.render(w, v, page.Status, "failure", page.Title, page); renderErr != nil {
		// The page of failures failed; New has tried it, so the writer is at
		// fault and nobody is left to tell.
		s.Log.ErrorContext(v.Context(), "page of an error failed", "path", v.URL.Path, "error", renderErr)
	}
}

// mistakes are what a form got wrong, by field, so that each stands beside its
// field; Form is what belongs to none.
type mistakes struct {
	Form   string
	Fields map[string]string
}

// read takes an error that the form can show; others are the page's.
func (m *mistakes) read(err error) (shown bool) {
	e, ok := errors.AsType[*gallery.Error](err)
	if !ok {
		return false
	}
	switch e.Code {
	case gallery.Invalid, gallery.Conflict:
		m.Fields = map[string]string{}
		for _, f := range e.Fields {
			m.Fields[f.Location] = f.Message
		}
		if len(e.Fields) == 0 {
			m.Form = e.Message
		}
	case gallery.Unauthorized, gallery.TooMany:
		m.Form = e.Message
	default:
		return false
	}
	return true
}
