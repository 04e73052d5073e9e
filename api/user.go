package api

import (
	"net/http"

	"invisibleart.example/gallery"
)

// userShape is an account as its owner sees it; others see gallery.UserRef.
type userShape struct {
	ID        string  `json:"id"`
	Username  string  `json:"username"`
	Email     string  `json:"email"`
	Bio       string  `json:"bio"`
	IsArtist  bool    `json:"is_artist"`
	IsAdmin   bool    `json:"is_admin"`
	CreatedAt *string `json:"created_at"`
}

func shapeUser(u gallery.User) userShape {
	return userShape{
		ID: u.ID, Username: u.Username, Email: u.Email, Bio: u.Bio,
		IsArtist: u.IsArtist, IsAdmin: u.IsAdmin, CreatedAt: stamp(u.CreatedAt),
	}
}

func (a *api) getMe(w http.ResponseWriter, r *request) error {
	return reply(w, http.StatusOK, shapeUser(r.who.User))
}

func (a *api) editMe(w http.ResponseWriter, r *request) error {
	var username, bio *string
	if err := readJSON(w, r, func(f fields) {
		username, bio = f.maybeText("username"), f.maybeText("bio")
	}); err != nil {
		return err
	}
	u, err := a.Curator.UpdateProfile(r.Context(), r.who, username, bio)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, shapeUser(u))
}

// deleteMe asks for the password again: a phone left on a table must not be
// enough.
func (a *api) deleteMe(w http.ResponseWriter, r *request) error {
	var password string
	if err := readJSON(w, r, func(f fields) { password = f.text("password") }); err != nil {
		return err
	}
	if err := a.Curator.DeleteAccount(r.Context(), r.who, password); err != nil {
		return err
	}
	return noContent(w)
}
