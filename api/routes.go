package api

import "net/http"

// who says who may call a route. What depends on the thing itself, such as
// being its artist, the curator decides.
type who int

const (
	anyone who = iota
	signedIn
	artists
	admins
)

type action func(w http.ResponseWriter, r *request) error

type route struct {
	method, path string
	who          who
	action       action
}

func (a *api) routes() []route {
	return []route{
		{"POST", "/api/v1/auth/register", anyone, a.register},
		{"POST", "/api/v1/auth/login", anyone, a.login},
		{"POST", "/api/v1/auth/refresh", anyone, a.refresh},
		{"POST", "/api/v1/auth/logout", signedIn, a.logout},
		{"POST", "/api/v1/auth/ticket", signedIn, a.ticket},

		{"GET", "/api/v1/users/me", signedIn, a.getMe},
		{"PATCH", "/api/v1/users/me", signedIn, a.editMe},
		{"DELETE", "/api/v1/users/me", signedIn, a.deleteMe},
		{"POST", "/api/v1/users/me/change-password", signedIn, a.changePassword},

		{"GET", "/api/v1/artworks", anyone, a.listArtworks},
		{"POST", "/api/v1/artworks", artists, a.hangArtwork},
		{"GET", "/api/v1/artworks/{id}", anyone, a.getArtwork},
		{"PATCH", "/api/v1/artworks/{id}", signedIn, a.editArtwork},
		{"DELETE", "/api/v1/artworks/{id}", signedIn, a.deleteArtwork},
		{"POST", "/api/v1/artworks/{id}/reveal", signedIn, a.revealArtwork},
		{"GET", "/api/v1/artworks/{id}/content", anyone, a.getContent},
		{"GET", "/api/v1/artworks/{id}/placeholder", anyone, a.getPlaceholder},
		{"GET", "/api/v1/artworks/{id}/comments", anyone, a.listComments},
		{"POST", "/api/v1/artworks/{id}/comments", signedIn, a.addComment},
		{"DELETE", "/api/v1/comments/{id}", signedIn, a.deleteComment},

		{"GET", "/api/v1/notifications", signedIn, a.listNotifications},
		{"POST", "/api/v1/notifications/read", signedIn, a.markRead},
		{"POST", "/api/v1/admin/broadcast", admins, a.broadcast},

		{"GET", "/api/v1/openapi.json", anyone, a.getDocument},
		{"GET", "/docs", anyone, a.getDocs},
	}
}
