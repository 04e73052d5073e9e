package api

import (
	"net/http"

	"invisibleart.example/gallery"
)

// artworkShape is a work as everybody sees it, its artist too: what would give
// the content away is null until the reveal.
type artworkShape struct {
	ID          string             `json:"id"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	AltText     string             `json:"alt_text"`
	Artist      gallery.UserRef    `json:"artist"`
	ContentType string             `json:"content_type"`
	Size        *int64             `json:"size"`
	Seal        sealShape          `json:"seal"`
	Placeholder *string            `json:"placeholder_image"`
	IsRevealed  bool               `json:"is_revealed"`
	RevealedAt  *string            `json:"revealed_at"`
	RevealWhen  gallery.RevealWhen `json:"reveal_when"`
	Conditions  []conditionShape   `json:"reveal_conditions"`
	Views       int64              `json:"view_count"`
	Comments    int64              `json:"comment_count"`
	Reactions   map[string]int64   `json:"reactions"`
	Content     *string            `json:"content"`
	CreatedAt   *string            `json:"created_at"`
	UpdatedAt   *string            `json:"updated_at"`
}

// sealShape lets anyone check after the reveal that the work is the one that
// was sealed: commitment = SHA-256(salt ‖ content), in hex.
type sealShape struct {
	Alg        string  `json:"alg"`
	Commitment string  `json:"commitment"`
	Salt       *string `json:"salt"`
}

func shapeArtwork(a gallery.Artwork) artworkShape {
	path := "/api/v1/artworks/" + a.ID
	shape := artworkShape{
		ID: a.ID, Title: a.Title, Description: a.Description, AltText: a.AltText, Artist: a.Artist, ContentType: a.ContentType,
		Seal:       sealShape{Alg: "sha256", Commitment: a.Seal.Commitment},
		IsRevealed: a.IsRevealed(), RevealedAt: stamp(a.RevealedAt),
		RevealWhen: a.RevealWhen, Conditions: make([]conditionShape, len(a.Conditions)),
		Views: a.ViewCount, Comments: a.CommentCount, Reactions: a.Reactions,
		CreatedAt: stamp(a.CreatedAt), UpdatedAt: stamp(a.UpdatedAt),
	}
	for i, c := range a.Conditions {
		shape.Conditions[i] = shapeCondition(c)
	}
	if shape.Reactions == nil {
		shape.Reactions = map[string]int64{} // {}, not null
	}
	if a.Placeholder != "" {
		placeholder := path + "/placeholder"
		shape.Placeholder = &placeholder
	}
	if a.IsRevealed() {
		content := path + "/content"
		shape.Content, shape.Size, shape.Seal.Salt = &content, &a.Seal.Size, &a.Seal.Salt
	}
	return shape
}

func (a *api) listArtworks(w http.ResponseWriter, r *request) error {
	var filter gallery.Filter
	if err := readQuery(r, func(q *query) {
		filter = gallery.Filter{Artist: q.text("artist"), Revealed: q.flag("revealed"), Query: q.text("q"), Page: q.page()}
	}); err != nil {
		return err
	}
	if id, ok := gallery.ParseID(filter.Artist); ok {
		filter.Artist = id
	}
	works, next, err := a.Curator.Artworks(r.Context(), filter)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, listOf(works, next, shapeArtwork))
}

// getArtwork shows a work, and to somebody signed in counts as a view. HEAD
// shows nothing, and is none.
func (a *api) getArtwork(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var work gallery.Artwork
	if r.Method == http.MethodHead {
		work, err = a.Curator.Artwork(r.Context(), id)
	} else {
		work, err = a.Curator.Look(r.Context(), r.who, id)
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeArtwork(work))
}

func (a *api) deleteArtwork(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := a.Curator.DeleteArtwork(r.Context(), r.who, id); err != nil {
		return err
	}
	return noContent(w)
}

// revealArtwork reveals by hand. Again is 200 as well, and tells nobody twice.
func (a *api) revealArtwork(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	work, err := a.Curator.RevealByHand(r.Context(), r.who, id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeArtwork(work))
}
