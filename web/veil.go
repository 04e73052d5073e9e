package web

import (
	"bytes"
	"net/http"
	"time"

	"invisibleart.example/gallery"
)

// veil answers with the veil of a work. It is drawn for any UUID and asks
// nobody whether there is such a work, so it can tell nothing about one.
func (s *site) veil(w http.ResponseWriter, v *visit) error {
	id, ok := gallery.ParseID(v.PathValue("id"))
	if !ok {
		return gallery.Errorf(gallery.NotFound, "Nothing hangs at this address.")
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	// An SVG that is opened by itself is a document; this one is to do nothing.
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("ETag", `"`+veilVersion+"-"+id+`"`)
	http.ServeContent(w, v.Request, "", time.Time{}, bytes.NewReader(drawVeil(id)))
	return nil
}
