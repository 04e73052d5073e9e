package api

import (
	"net/http"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/curator"
)

// editArtwork changes what is given, and leaves the rest as it is.
func (a *api) editArtwork(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var in curator.Edit
	if err := readJSON(w, r, func(f fields) {
		in.Title, in.Description, in.AltText = f.maybeText("title"), f.maybeText("description"), f.maybeText("alt_text")
		if when := f.maybeText("reveal_when"); when != nil {
			in.When = (*gallery.RevealWhen)(when)
		}
		if value, there := f.get("reveal_conditions"); there {
			in.Conditions = a.readConditions(encodeAgain(value), f.problems)
		}
	}); err != nil {
		return err
	}
	work, err := a.Curator.EditArtwork(r.Context(), r.who, id, in)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeArtwork(work))
}
