package api_test

import (
	"slices"
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// TestAuthorisation is the whole matrix: who gets which answer from which
// operation, on a hidden work of the artist's with a comment by the author.
func TestAuthorisation(t *testing.T) {
	h := open(t)
	artist, author, stranger, rival, admin := h.Artist(t, "artist"), h.Register(t, "author"), h.Register(t, "stranger"), h.Artist(t, "rival"), h.admin("admin")
	people := []*gallerytest.Person{nil, stranger, rival, author, artist, admin}
	names := []string{"nobody", "a stranger", "another artist", "the author", "the artist", "an administrator"}

	// Each answer to a body that is empty stands for being let in.
	matrix := map[string][]int{
		//                 nobody stranger rival author artist admin
		"register":          {422, 422, 422, 422, 422, 422},
		"login":             {422, 422, 422, 422, 422, 422},
		"refresh":           {422, 422, 422, 422, 422, 422},
		"logout":            {401, 422, 422, 422, 422, 422},
		"ticket":            {401, 201, 201, 201, 201, 201},
		"getMe":             {401, 200, 200, 200, 200, 200},
		"editMe":            {401, 200, 200, 200, 200, 200},
		"deleteMe":          {401, 422, 422, 422, 422, 422},
		"changePassword":    {401, 422, 422, 422, 422, 422},
		"listArtworks":      {200, 200, 200, 200, 200, 200},
		"hangArtwork":       {401, 403, 415, 403, 415, 403},
		"getArtwork":        {200, 200, 200, 200, 200, 200},
		"editArtwork":       {401, 403, 403, 403, 200, 403},
		"deleteArtwork":     {401, 403, 403, 403, 204, 403},
		"revealArtwork":     {401, 403, 403, 403, 200, 403},
		"getContent":        {403, 403, 403, 403, 200, 403},
		"getPlaceholder":    {404, 404, 404, 404, 404, 404},
		"listComments":      {200, 200, 200, 200, 200, 200},
		"addComment":        {401, 422, 422, 422, 422, 422},
		"deleteComment":     {401, 403, 403, 204, 204, 204},
		"listNotifications": {401, 200, 200, 200, 200, 200},
		"markRead":          {401, 422, 422, 422, 422, 422},
		"broadcast":         {401, 403, 403, 403, 403, 422},
		"getDocument":       {200, 200, 200, 200, 200, 200},
		"getDocs":           {200, 200, 200, 200, 200, 200},
	}
	for _, id := range document.ids(everyOperation) {
		want, listed := matrix[id]
		if !listed {
			t.Errorf("%s stands in no row of the matrix", id)
			continue
		}
		t.Run(id, func(t *testing.T) {
			h := &house{h.Server, t}
			c := document.operations()[id]
			path := h.hang(artist, picture())
			for i, who := range people {
				comment := h.ask(author, "POST", path+"/comments", object{"content": "Hm."}).want(201).object()["id"].(string)
				thing := path[strings.LastIndexByte(path, '/')+1:]
				if strings.Contains(c.path, "/comments/{id}") {
					thing = comment
				}
				var body any
				if readsJSON(c) || id == "hangArtwork" {
					body = object{}
				}
				if got := h.ask(who, c.method, address(c, thing), body); got.status != want[i] {
					t.Errorf("%s: got %d, want %d: %s", names[i], got.status, want[i], got.body)
				}
				if want[i] == 204 && id == "deleteArtwork" {
					path = h.hang(artist, picture())
				}
			}
		})
	}
	if len(matrix) != len(document.ids(everyOperation)) {
		t.Errorf("the matrix has %d rows for %d operations", len(matrix), len(document.ids(everyOperation)))
	}
}

// TestDeactivatedAndDeletedUsersAreNobody holds that a token dies with its user.
func TestDeactivatedAndDeletedUsersAreNobody(t *testing.T) {
	h := open(t)
	ada := h.Register(t, "ada")
	if err := h.Node.Curator().SetActive(t.Context(), ada.Email, false); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/users/me", "/artworks"} {
		h.ask(ada, "GET", root+path, nil).want(401)
	}
	h.ask(nil, "POST", root+"/auth/login", object{"email": ada.Email, "password": gallerytest.Password}).want(401)
	h.ask(nil, "POST", root+"/auth/refresh", object{"refresh": ada.Refresh}).want(401)
}

// TestStrangersSeeNoAddresses holds that an account is shown to others by name
// alone.
func TestStrangersSeeNoAddresses(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	path := h.hang(artist, picture())
	h.ask(visitor, "POST", path+"/comments", object{"content": "Hm."}).want(201)
	for _, p := range []string{path, path + "/comments", root + "/artworks"} {
		body := string(h.ask(visitor, "GET", p, nil).want(200).body)
		if slices.ContainsFunc([]string{"@example.com", "password", "wrapped", "KeyID"}, func(s string) bool { return strings.Contains(body, s) }) {
			t.Errorf("%s tells too much: %s", p, body)
		}
	}
}
