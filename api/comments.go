package api

import (
	"net/http"

	"invisibleart.example/gallery"
)

type commentShape struct {
	ID        string          `json:"id"`
	User      gallery.UserRef `json:"user"`
	Content   string          `json:"content"`
	CreatedAt *string         `json:"created_at"`
}

func shapeComment(c gallery.Comment) commentShape {
	return commentShape{ID: c.ID, User: c.User, Content: c.Content, CreatedAt: stamp(c.CreatedAt)}
}

func (a *api) listComments(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var page gallery.Page
	if err := readQuery(r, func(q *query) { page = q.page() }); err != nil {
		return err
	}
	comments, next, err := a.Curator.Comments(r.Context(), id, page)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, listOf(comments, next, shapeComment))
}

func (a *api) addComment(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := a.Limits.CommentsByUser.Take(r.Context(), r.who.User.ID); err != nil {
		return err
	}
	var content string
	if err := readJSON(w, r, func(f fields) { content = f.text("content") }); err != nil {
		return err
	}
	comment, err := a.Curator.Comment(r.Context(), r.who, id, content)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, shapeComment(comment))
}

func (a *api) deleteComment(w http.ResponseWriter, r *request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := a.Curator.DeleteComment(r.Context(), r.who, id); err != nil {
		return err
	}
	return noContent(w)
}
