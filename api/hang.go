package api

import (
	"io"
	"net/http"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/curator"
)

// maxForm is what an upload may hold beside the work and its placeholder: the
// texts at their longest, and the form's own lines.
const maxForm = 256 << 10

// hangArtwork takes a new work: multipart/form-data, its parts in any order,
// the file streamed into the vault as it comes.
func (a *api) hangArtwork(w http.ResponseWriter, r *request) error {
	if err := wantType(r.Request, "multipart/form-data"); err != nil {
		return err
	}
	// Not a byte is read of what cannot fit.
	most := a.MaxUpload + curator.MaxPlaceholder + maxForm
	if r.ContentLength > most {
		return tooLarge(most)
	}
	if err := a.Limits.UploadsByUser.Take(r.Context(), r.who.User.ID); err != nil {
		return err
	}
	body := newSteadyReader(http.MaxBytesReader(w, r.Body, most), http.NewResponseController(w))
	defer body.rest()
	form := newForm(func(content io.Reader) (*curator.Upload, error) {
		return a.Curator.Seal(r.Context(), r.who, content)
	})
	defer form.discard()
	if err := form.read(r.Header.Get("Content-Type"), body); err != nil {
		return err
	}
	body.rest()
	work, err := a.hang(r, form)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/artworks/"+work.ID)
	return reply(w, http.StatusCreated, shapeArtwork(work))
}

// hang hands the form over. What is wrong with it already goes along, so that
// one answer names everything.
func (a *api) hang(r *request, f *form) (gallery.Artwork, error) {
	s := curator.Submission{
		Title: f.texts["title"], Description: f.texts["description"], AltText: f.texts["alt_text"],
		When: gallery.RevealWhen(f.texts["reveal_when"]), Upload: f.upload, Placeholder: f.placeholder,
	}
	if when, given := f.texts["reveal_when"]; given && when == "" {
		f.wrong("reveal_when", "must be any or all")
	}
	if text, given := f.texts["reveal_conditions"]; given {
		s.Conditions = a.readConditions([]byte(text), &f.problems)
	}
	s.Problems = f.problems
	f.upload = nil // the curator's now
	return a.Curator.Hang(r.Context(), r.who, s)
}
