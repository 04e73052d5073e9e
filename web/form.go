package web

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

const maxForm = 64 << 10 // bytes of a form

// readForm reads the body of a form that a page of ours sent, within its limit
// of size; that of time is the node's.
func readForm(w http.ResponseWriter, v *visit) (url.Values, error) {
	if v.ContentLength > maxForm {
		return nil, gallery.Errorf(gallery.TooLarge, "The form is larger than %d bytes.", maxForm)
	}
	v.Body = http.MaxBytesReader(w, v.Body, maxForm)
	err := v.ParseForm()
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, gallery.Errorf(gallery.TooLarge, "The form is larger than %d bytes.", tooLarge.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, problem.Errorf(http.StatusRequestTimeout, "The form did not arrive in time.")
	}
	if err != nil {
		return nil, gallery.Errorf(gallery.Malformed, "The form cannot be read.")
	}
	return v.PostForm, nil
}

// localPath is where to go after signing in: a path of our own, or the wall.
// What a browser would read as another site ("//evil", "/\evil") is none.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	// Written anew, so that what was checked is what is sent.
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

// seeOther sends the browser on with a GET, so that reloading the page it
// arrives at does nothing twice.
func seeOther(w http.ResponseWriter, v *visit, path string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, v.Request, path, http.StatusSeeOther)
	return nil
}
