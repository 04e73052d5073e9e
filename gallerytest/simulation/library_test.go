package simulation_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/websockets"
)

// library is the world as it is: the real curator of each node, over one
// SQLite file that they have open together.
type library struct {
	sim    *sim
	db     *store.DB
	vault  *vault.Vault
	blobs  *vault.Dir
	tokens *auth.Tokens
	back   *curator.Curator // signs people in; never runs

	users map[string]gallery.User
	hung  []string
	dir   string
}

// forever is when the identities that act end: acts are not to fail because
// somebody was signed out.
func forever() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }

// opening is a library on its first day, as bytes: to make one anew for each
// evening would take longer than the evening.
type opening struct {
	file  []byte
	users map[string]gallery.User
	hung  []string
}

// openLibrary hangs what hangs at the beginning of every evening.
func openLibrary(t *testing.T) *opening {
	t.Helper()
	ctx := t.Context()
	// Before the year 2000, when the time of a bubble begins.
	l, err := enter(ctx, roomy(t), func() time.Time { return time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(artists, fans) {
		_, err := l.back.CreateUser(ctx, curator.Registration{
			Username: name, Email: name + "@example.org", Password: "correct horse battery", IsArtist: slices.Contains(artists, name),
		}, false)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := l.meet(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range manyWorks {
		upload, err := l.back.Seal(ctx, l.who(artistOf(i)), strings.NewReader("what nobody has seen"))
		if err != nil {
			t.Fatal(err)
		}
		art, err := l.back.Hang(ctx, l.who(artistOf(i)), curator.Submission{
			Title: fmt.Sprint("Dusk ", i), Upload: upload, When: gallery.RevealAny,
			Conditions: []gallery.Condition{
				{Measure: gallery.MeasureComments, Target: int64(commentsOf(i))},
				{Measure: gallery.MeasureViews, Target: int64(viewsOf(i))},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		l.hung = append(l.hung, art.ID)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(l.dir, "gallery.db"))
	if err != nil {
		t.Fatal(err)
	}
	return &opening{file, l.users, l.hung}
}

// roomy is a folder in memory where there is one: an fsync that takes real time
// is all that makes an evening on a disk slow.
func roomy(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "gallery-simulation-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newLibrary is a library as it opened, in a folder that is still empty.
func newLibrary(s *sim, dir string, first *opening) (*library, error) {
	if err := os.WriteFile(filepath.Join(dir, "gallery.db"), first.file, 0o600); err != nil {
		return nil, err
	}
	l, err := enter(context.Background(), dir, time.Now)
	if err != nil {
		return nil, err
	}
	l.sim, l.users, l.hung = s, first.users, first.hung
	return l, nil
}

func enter(ctx context.Context, dir string, now func() time.Time) (*library, error) {
	l := &library{dir: dir, users: map[string]gallery.User{}}
	var err error
	if l.db, err = store.Open(ctx, filepath.Join(dir, "gallery.db"), store.Options{Now: now}); err != nil {
		return nil, err
	}
	if l.blobs, err = vault.OpenDir(filepath.Join(dir, "works")); err != nil {
		return nil, err
	}
	masters, err := vault.ParseKeys(strings.Repeat("master", 6))
	if err != nil {
		return nil, err
	}
	signers, err := auth.ParseKeys(strings.Repeat("signer", 6))
	if err != nil {
		return nil, err
	}
	l.vault, l.tokens = vault.New(l.blobs, masters), auth.NewTokens(signers, 0, 0, now)
	l.back, err = curator.New(l.config("", nil, now))
	return l, err
}

func (l *library) config(node string, events *websockets.EventHandler, now func() time.Time) curator.Config {
	return curator.Config{
		DB: l.db, Vault: l.vault, Tokens: l.tokens, Passwords: auth.NewPasswords(auth.Cost{MemoryKiB: 8, Time: 1, Threads: 1}),
		Limits: ratelimit.New(ratelimit.Off(), now, nil), Now: now, Node: node, Events: events,
	}
}

// meet learns who everybody is.
func (l *library) meet(ctx context.Context) error {
	return l.db.Read(ctx, func(tx *store.Tx) error {
		for _, name := range slices.Concat(artists, fans) {
			account, err := tx.AccountByEmail(ctx, name+"@example.org")
			if err != nil {
				return err
			}
			l.users[name] = account.User
		}
		return nil
	})
}

// who is somebody whose word always counts.
func (l *library) who(name string) auth.Identity {
	return auth.Identity{User: l.users[name], IssuedAt: forever(), ExpiresAt: forever()}
}

func (l *library) works() []string { return l.hung }

func (l *library) signIn(name string) (string, error) {
	token, _, err := l.back.IssueToken(context.Background(), name+"@example.org")
	return token, err
}

func (l *library) holds(token string) bool {
	_, err := l.back.Authenticate(context.Background(), auth.Credential{Kind: auth.KindToken, Value: token})
	l.must(err, gallery.Unauthorized)
	return err == nil
}

// must reports a store that does not answer a question about the facts.
func (l *library) must(err error, but ...gallery.Code) {
	if err != nil && !slices.Contains(but, gallery.CodeOf(err)) {
		l.sim.fault("the store fails: %v", err)
	}
}

func (l *library) state(work string) (revealed, gone bool) {
	state, err := l.back.ArtworkState(context.Background(), work)
	l.must(err, gallery.NotFound)
	return state.IsRevealed, err != nil
}

func (l *library) inbox(name string) []gallery.Notification {
	list, err := l.back.InboxAfter(context.Background(), l.users[name].ID, 0, 10_000)
	l.must(err)
	return list
}

func (l *library) head(name string) int64 {
	head, err := l.back.InboxHead(context.Background(), l.users[name].ID)
	l.must(err)
	return head
}

func (l *library) announcements() (texts []string) {
	list, err := l.back.AnnouncementsAfter(context.Background(), 0, 10_000)
	l.must(err)
	for _, a := range list {
		texts = append(texts, a.Message)
	}
	return texts
}

func (l *library) outbox() (n int) {
	ctx := context.Background()
	l.must(l.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Outbox(ctx, "", forever(), 10_000)
		n = len(rows)
		return err
	}))
	return n
}

func (l *library) close() error {
	l.blobs.Close()
	return l.db.Close()
}

func (l *library) keeper(node string, events *websockets.EventHandler) (keeper, error) {
	c, err := curator.New(l.config(node, events, time.Now))
	return &librarian{c, l}, err
}

// librarian is the real curator of a node.
type librarian struct {
	*curator.Curator
	library *library
}

func (c *librarian) comment(ctx context.Context, name, work string) error {
	_, err := c.Comment(ctx, c.library.who(name), work, "!")
	return err
}

func (c *librarian) look(ctx context.Context, name, work string) error {
	_, err := c.Look(ctx, c.library.who(name), work)
	return err
}

func (c *librarian) reveal(ctx context.Context, work string) error {
	_, err := c.RevealByHand(ctx, c.artist(work), work)
	return err
}

func (c *librarian) remove(ctx context.Context, work string) error {
	return c.DeleteArtwork(ctx, c.artist(work), work)
}

func (c *librarian) artist(work string) auth.Identity {
	return c.library.who(artistOf(slices.Index(c.library.hung, work)))
}

func (c *librarian) announce(ctx context.Context, text string) error {
	_, err := c.Announce(ctx, text)
	return err
}

func (c *librarian) signOut(ctx context.Context, name string) error {
	return c.Logout(ctx, c.library.who(name), "", true)
}

func (c *librarian) run(ctx context.Context) error { return c.Run(ctx) }
