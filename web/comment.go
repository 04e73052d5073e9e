package web

import (
	"net/http"
	"net/url"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

// comment takes what was typed into the form below a work. What is refused
// comes back with the form, so that nobody has to type it twice.
func (s *site) comment(w http.ResponseWriter, v *visit) error {
	form, err := readForm(w, v)
	if err != nil {
		return err
	}
	if v.who.IsAnonymous() {
		return gallery.Errorf(gallery.Unauthorized, "You have to be signed in to say something.")
	}
	id, text := v.PathValue("id"), form.Get("content")
	err = s.Limits.CommentsByUser.Take(v.Context(), v.who.User.ID)
	if err == nil {
		var comment gallery.Comment
		if comment, err = s.Curator.Comment(v.Context(), v.who, id, text); err == nil {
			return seeOther(w, v, "/artworks/"+comment.ArtworkID+"#comment-"+comment.ID)
		}
	}
	page := exhibit{Draft: text}
	if gallery.CodeOf(err) == gallery.Unauthorized || !page.Mistakes.read(err) {
		return err
	}
	art, readErr := s.Curator.Artwork(v.Context(), id)
	if readErr != nil {
		return readErr
	}
	page.work = workOf(art)
	return s.exhibit(w, v, problem.Status(err), page)
}

// toArtwork is for whoever reloads the address that a form was sent to.
func (s *site) toArtwork(w http.ResponseWriter, v *visit) error {
	return seeOther(w, v, (&url.URL{Path: "/artworks/" + v.PathValue("id")}).String())
}
