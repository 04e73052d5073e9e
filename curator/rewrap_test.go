package curator_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
)

// rotation is an operator's command over a house's store, with a ring of master
// keys of its own.
func (h *house) rotation(ring string) (*curator.Curator, *vault.Vault) {
	h.t.Helper()
	keys, err := vault.ParseKeys(ring)
	if err != nil {
		h.t.Fatal(err)
	}
	blobs, err := vault.OpenSharedDir(h.works())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { blobs.Close() })
	v := vault.New(blobs, keys)
	c, err := curator.New(curator.Config{
		DB: h.db, Vault: v, Tokens: h.tokens, Passwords: auth.NewPasswords(auth.Cost{MemoryKiB: 8, Time: 1, Threads: 1}),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c, v
}

// insert hangs works as a node would that wraps with v's first key; their bytes
// are not kept.
func (h *house) insert(artist auth.Identity, v *vault.Vault, ids ...string) {
	h.t.Helper()
	err := h.db.Write(context.Background(), func(tx *store.Tx) error {
		for _, id := range ids {
			sealing, err := v.Seal(context.Background(), id, strings.NewReader(content))
			if err != nil {
				return err
			}
			if err := sealing.Abort(); err != nil {
				return err
			}
			art := gallery.Artwork{
				ID: id, Title: "Dawn", Artist: artist.User.Ref(), ContentType: "text/plain", Seal: sealing.Seal,
				RevealWhen: gallery.RevealAny, CreatedAt: time.Now(), UpdatedAt: time.Now(),
			}
			if err := tx.InsertArtwork(context.Background(), art); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// under counts the works whose key is under a master key.
func (h *house) under(keyID string) (n int) {
	h.t.Helper()
	h.read(func(tx *store.Tx) error {
		all, err := tx.KeysNotUnder(context.Background(), "no such key", "", 10_000)
		for _, k := range all {
			if k.Seal.KeyID == keyID {
				n++
			}
		}
		return err
	})
	return n
}

// The ring of the houses, under an id, and the one that replaces it.
var (
	oldRing = "old:" + strings.Repeat("master", 6)
	newKey  = "new:" + strings.Repeat("fresh!", 6)
	bothNew = newKey + "," + oldRing
)

func TestRewrap(t *testing.T) {
	onBoth(t, func(t *testing.T, p plan) {
		h := open(t, p)
		artist := h.person("ann", true)
		hung := h.hang(artist, gallery.RevealAny, views(1))
		_, old := h.rotation(oldRing)
		ids := make([]string, 230)
		for i := range ids {
			ids[i] = uuid.Must(uuid.NewV7()).String()
		}
		h.insert(artist, old, ids...)
		rotating, _ := h.rotation(bothNew)

		// Interrupted after the first hundred.
		ctx, interrupt := context.WithCancel(t.Context())
		n, err := rotating.Rewrap(ctx, func(int) { interrupt() })
		if n != 100 || err == nil || h.under("new") != 100 {
			t.Fatalf("interrupted: got %d, %v and %d under the new key, want 100, an error and 100", n, err, h.under("new"))
		}
		// Again; a node that does not know of it hangs works meanwhile, with an id
		// that has been passed by already.
		var told []int
		n, err = rotating.Rewrap(t.Context(), func(done int) {
			if told = append(told, done); len(told) == 1 {
				h.insert(artist, old, "00000000-0000-7000-8000-000000000001")
			}
		})
		if n != 132 || err != nil {
			t.Errorf("again: got %d, %v, want the other 132 and nil", n, err)
		}
		if fmt.Sprint(told) != "[100 131 132]" {
			t.Errorf("told %v of its progress, want [100 131 132]", told)
		}
		if n, err := rotating.Rewrap(t.Context(), nil); n != 0 || err != nil {
			t.Errorf("a third time: got %d, %v, want 0 and nil", n, err)
		}

		// The old key is not needed any more.
		_, alone := h.rotation(newKey)
		var art gallery.Artwork
		h.read(func(tx *store.Tx) (err error) {
			art, err = tx.Artwork(t.Context(), hung.ID)
			return err
		})
		opened, err := alone.Open(t.Context(), art.ID, art.Seal)
		if err != nil {
			t.Fatalf("open with the new key alone: %v", err)
		}
		defer opened.Close()
		if got, err := io.ReadAll(opened); string(got) != content || err != nil {
			t.Errorf("got %q, %v, want the work", got, err)
		}
		if !art.UpdatedAt.Equal(hung.UpdatedAt) || art.Seal.Commitment != hung.Seal.Commitment {
			t.Errorf("the rotation changed more than the key: %+v, was %+v", art, hung)
		}
	})
}

// TestRewrapTwiceAtOnce runs two rotations side by side: every row is changed
// by one of them.
func TestRewrapTwiceAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p plan) {
		h := open(t, p)
		artist := h.person("ann", true)
		_, old := h.rotation(oldRing)
		ids := make([]string, 150)
		for i := range ids {
			ids[i] = uuid.Must(uuid.NewV7()).String()
		}
		h.insert(artist, old, ids...)
		var sum atomic.Int64
		var both sync.WaitGroup
		for range 2 {
			rotating, _ := h.rotation(bothNew)
			both.Go(func() {
				n, err := rotating.Rewrap(context.Background(), nil)
				if err != nil {
					t.Errorf("rewrap: %v", err)
				}
				sum.Add(int64(n))
			})
		}
		both.Wait()
		if sum.Load() != 150 || h.under("new") != 150 {
			t.Errorf("they changed %d rows and %d are under the new key, want 150", sum.Load(), h.under("new"))
		}
	})
}

// TestRewrapPassesOver leaves a work whose key is not in the ring, says so, and
// does the others.
func TestRewrapPassesOver(t *testing.T) {
	h := open(t, plan{})
	artist := h.person("ann", true)
	_, old := h.rotation(oldRing)
	_, lost := h.rotation("lost:" + strings.Repeat("forgot", 6))
	h.insert(artist, lost, "00000000-0000-7000-8000-000000000001")
	h.insert(artist, old, uuid.Must(uuid.NewV7()).String(), uuid.Must(uuid.NewV7()).String())
	rotating, _ := h.rotation(bothNew)
	n, err := rotating.Rewrap(t.Context(), nil)
	if n != 2 || err == nil || !strings.Contains(err.Error(), "00000000-0000-7000-8000-000000000001") || !strings.Contains(err.Error(), `"lost"`) {
		t.Errorf("got %d, %v, want 2 and an error that names the work and its key", n, err)
	}
	if strings.Contains(fmt.Sprint(err), "forgot") || h.under("new") != 2 || h.under("lost") != 1 {
		t.Errorf("%d under the new key, %d under the lost one, want 2 and 1 (%v)", h.under("new"), h.under("lost"), err)
	}
}
