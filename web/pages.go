package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"invisibleart.example/gallery"
)

//go:embed templates/*.html assets/*
var files embed.FS

// pages are the templates, by name, each with the frame around it.
type pages struct {
	assets    string
	templates map[string]*template.Template
}

// frame is what every template gets: what stands around a page, and the page.
type frame struct {
	Title  string
	Who    *gallery.User // nil for an anonymous visitor
	Path   string        // where the visitor is, to come back to after signing in
	Assets string        // the path of the assets, up to their names
	Body   any
}

// loadPages parses every template and tries it with an example of what its
// page gives it: a misspelt field would else be noticed by the first visitor.
func loadPages(files fs.FS, assets string) (pages, error) {
	p := pages{assets: assets, templates: map[string]*template.Template{}}
	for name, examples := range examples() {
		t, err := template.New("frame.html").
			ParseFS(files, "templates/frame.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return pages{}, err
		}
		p.templates[name] = t
		for i, example := range examples {
			f := frame{Title: name, Who: &gallery.User{Username: "ada"}, Path: "/", Assets: assets, Body: example}
			if err := t.Execute(io.Discard, f); err != nil {
				return pages{}, fmt.Errorf("try example %d of page %s: %w", i, name, err)
			}
		}
	}
	return p, nil
}

// render writes a page whole or not at all: it is put together before the
// first byte leaves, so that an error can still become a page of its own.
func (s *site) render(w http.ResponseWriter, v *visit, status int, name, title string, body any) error {
	f := frame{Title: title, Path: whereabouts(v), Assets: s.pages.assets, Body: body}
	if !v.who.IsAnonymous() {
		f.Who = &v.who.User
	}
	var page bytes.Buffer
	if err := s.pages.templates[name].Execute(&page, f); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // a client that is gone cannot be told so
	return nil
}

// whereabouts is the address to come back to after signing in: where the
// visitor is, or the page that the form they sent stands on.
func whereabouts(v *visit) string {
	path := strings.TrimSuffix(v.URL.Path, "/comments")
	if strings.HasPrefix(path, "/sign-") {
		return "/"
	}
	return (&url.URL{Path: path, RawQuery: v.URL.RawQuery}).String()
}
