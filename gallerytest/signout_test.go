package gallerytest_test

import (
	"net/http"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

const tokenRevoked = 4401

// endsWith checks that the socket is closed with a code, in at most a second.
func endsWith(t *testing.T, name string, s *gallerytest.Socket, since time.Time, want int) {
	t.Helper()
	code, at := s.Closed(t)
	if code != want {
		t.Errorf("%s: closed with %d, want %d", name, code, want)
	}
	if took := at.Sub(since); took > time.Second {
		t.Errorf("%s: closed after %v, want at most 1s", name, took)
	}
}

// TestSignOutEndsSockets goes through every way to sign out, and what it ends:
// the sockets of one session, or all of the user's, on the node where it happens
// and on another. An artwork socket goes on as anybody's.
func TestSignOutEndsSockets(t *testing.T) {
	tests := []struct {
		name    string
		signOut func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person)
		all     bool // ends the other session as well
	}{
		{"logout", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			p.Do(t, "POST", "/auth/logout", map[string]any{"refresh": p.Refresh}, http.StatusNoContent, nil)
		}, false},
		{"logout everywhere", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			p.Do(t, "POST", "/auth/logout", map[string]any{"refresh": p.Refresh, "everywhere": true}, http.StatusNoContent, nil)
		}, true},
		{"refresh token used twice", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			body := map[string]any{"refresh": p.Refresh}
			s.Anybody().Do(t, "POST", "/auth/refresh", body, http.StatusOK, nil)
			s.Anybody().Do(t, "POST", "/auth/refresh", body, http.StatusUnauthorized, nil)
		}, false},
		{"changed password", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			p.Do(t, "POST", "/users/me/change-password",
				map[string]any{"old_password": gallerytest.Password, "new_password": "close the gallery"}, http.StatusOK, nil)
		}, true},
		{"password set by an operator", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			if err := s.Node.Curator().SetPassword(t.Context(), p.Email, "close the gallery"); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"deactivated", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			if err := s.Node.Curator().SetActive(t.Context(), p.Email, false); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"deleted", func(t *testing.T, s *gallerytest.Server, p *gallerytest.Person) {
			p.Do(t, "DELETE", "/users/me", map[string]any{"password": gallerytest.Password}, http.StatusNoContent, nil)
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onBothSides(t, func(t *testing.T, o gallerytest.Options) {
				s := gallerytest.Start(t, o)
				far := s // where the sign-out happens
				if o.Change != nil {
					o.Data = t.TempDir()
					far = gallerytest.Start(t, o)
				}
				artist := s.Artist(t, "artist")
				work := artist.Hang(t, gallerytest.Work{})
				ada := s.Register(t, "ada")
				again := s.Login(t, "ada")
				bob := s.Register(t, "bob").Listen(t, -1)
				first, second := ada.Listen(t, -1), again.Listen(t, -1)
				watching := ada.Watch(t, work.ID)
				watching.Expect(t, "artwork_status")

				start := time.Now()
				tt.signOut(t, far, ada.At(far.House))
				endsWith(t, "its own session", first, start, tokenRevoked)
				if tt.all {
					endsWith(t, "the other session", second, start, tokenRevoked)
				}
				for name, p := range map[string]*gallerytest.Person{"its own": ada, "the other": again} {
					socket, status, err := s.TryDial("/ws/notifications/?token=" + p.Access)
					if ended := p == ada || tt.all; ended && (err == nil || status != http.StatusUnauthorized) {
						t.Errorf("%s token opened a socket: status %d, want 401", name, status)
					} else if !ended && err != nil {
						t.Errorf("%s token opens no socket any more: status %d: %v", name, status, err)
					}
					if err == nil {
						socket.Close()
					}
				}
				watching.Settle(t) // it answers still
				artist.Reveal(t, work.ID)
				for m := watching.Next(t); m.Type != "artwork_revealed"; m = watching.Next(t) {
					if m.Type != "artwork_status" {
						t.Errorf("the artwork socket got %s", m.Raw)
					}
				}
				if !tt.all && !second.IsOpen() {
					t.Error("the other session's socket was closed as well")
				}
				if !bob.IsOpen() {
					t.Error("somebody else's socket was closed")
				}
			})
		})
	}
}

// TestDeletedArtworkEndsSockets: nobody watches what is no more, wherever it
// was deleted.
func TestDeletedArtworkEndsSockets(t *testing.T) {
	onBothSides(t, func(t *testing.T, o gallerytest.Options) {
		s := gallerytest.Start(t, o)
		far := s
		if o.Change != nil {
			o.Data = t.TempDir()
			far = gallerytest.Start(t, o)
		}
		artist := s.Artist(t, "artist")
		work, other := artist.Hang(t, gallerytest.Work{}), artist.Hang(t, gallerytest.Work{})
		watching, elsewhere := s.Anybody().Watch(t, work.ID), s.Anybody().Watch(t, other.ID)
		start := time.Now()
		artist.At(far.House).Do(t, "DELETE", "/artworks/"+work.ID, nil, http.StatusNoContent, nil)
		endsWith(t, "the work's socket", watching, start, 4404)
		elsewhere.Settle(t)
	})
}
