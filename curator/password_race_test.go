package curator_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// TestPasswordChangesMeanwhile: an act that read the old password does not end
// after another node's change of it as if that had not been. SQLite's one writer
// cannot get into this.
func TestPasswordChangesMeanwhile(t *testing.T) {
	const changed, other = "the changed password", "yet another password"
	h := open(t, plan{source: servers.Database(t), node: "a"})
	for name, c := range map[string]struct {
		do   func(ctx context.Context, who auth.Identity, email string) error
		want gallery.Code
	}{
		"a login with the old one": {func(ctx context.Context, _ auth.Identity, email string) error {
			_, err := h.Login(ctx, email, password, "")
			return err
		}, gallery.Unauthorized},
		"a second change": {func(ctx context.Context, who auth.Identity, _ string) error {
			_, err := h.ChangePassword(ctx, who, password, other)
			return err
		}, gallery.Unauthorized},
		"a logout everywhere": {func(ctx context.Context, who auth.Identity, _ string) error {
			return h.Logout(ctx, who, "", true)
		}, ""},
		"a deactivation": {func(ctx context.Context, _ auth.Identity, email string) error {
			return h.SetActive(ctx, email, false)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			who := h.person("ana"+name[len(name)-3:], false)
			email := who.User.Email
			hash, err := auth.NewPasswords(auth.Cost{MemoryKiB: 8, Time: 1, Threads: 1}).Hash(t.Context(), changed)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			err = h.db.Write(t.Context(), func(tx *store.Tx) error {
				if err := tx.SetPassword(t.Context(), who.User.ID, hash); err != nil {
					return err
				}
				go func() { ended <- c.do(context.Background(), who, email) }()
				h.awaitLock(ended)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			refusedWith(t, name, <-ended, c.want)
			if err := h.SetActive(t.Context(), email, true); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Login(t.Context(), email, changed, ""); err != nil {
				t.Errorf("the changed password: got %v, want it to hold", err)
			}
		})
	}
}

// awaitLock waits until somebody waits for a lock in the database, or ended
// tells that nobody will.
func (h *house) awaitLock(ended chan error) {
	h.t.Helper()
	db, err := sql.Open("pgx", h.source)
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline) && len(ended) == 0; time.Sleep(time.Millisecond) {
		var waiting int
		if err := db.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
			h.t.Errorf("ask who waits: %v", err)
			return
		}
		if waiting > 0 {
			return
		}
	}
}
