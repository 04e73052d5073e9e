package curator

import (
	"context"
	"io"
	"sync"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/vault"
)

// Upload is a work that is sealed and does not hang yet. It belongs to one
// goroutine, which hands it to Hang or calls Discard.
type Upload struct {
	ContentType string // told by the bytes

	id      string // of the artwork to be
	sealing *vault.Sealing
	uploads *uploads
}

// Seal reads a work to its end and seals it while it streams; the plaintext
// touches no disk. Artists only. It is TooLarge beyond the limit on uploads,
// Invalid at "artwork_file" for a file that may not hang, and passes the
// reader's own errors on. Nothing is left behind by a refusal.
func (c *Curator) Seal(ctx context.Context, who auth.Identity, r io.Reader) (*Upload, error) {
	if err := artist(who); err != nil {
		return nil, err
	}
	inspected, err := vault.Inspect("artwork_file", r, c.config.MaxUpload)
	if err != nil {
		return nil, err
	}
	u := &Upload{ContentType: inspected.ContentType, id: newID(), uploads: c.open}
	if u.sealing, err = c.config.Vault.Seal(ctx, u.id, inspected); err != nil {
		return nil, err
	}
	c.open.begin(u.id)
	return u, nil
}

// Discard drops an upload that will not hang. After Hang, again, and on nil it
// does nothing, so it may be deferred.
func (u *Upload) Discard() {
	if u == nil || u.sealing == nil {
		return
	}
	// What cannot be dropped is an orphan of tomorrow.
	_ = u.sealing.Abort()
	u.done()
}

// done ends the upload's protection from the janitor: its row is there, or its
// blob is not.
func (u *Upload) done() {
	u.sealing = nil
	u.uploads.end(u.id)
}

// artist refuses everybody who may not hang works.
func artist(who auth.Identity) error {
	if err := signedIn(who); err != nil {
		return err
	}
	if !who.User.IsArtist {
		return gallery.Errorf(gallery.Forbidden, "Only artists may hang works.")
	}
	return nil
}

// uploads are the works between their sealing and their row. To the janitor
// their blobs look like orphans.
type uploads struct {
	mu  sync.Mutex
	ids map[string]bool
}

func newUploads() *uploads { return &uploads{ids: map[string]bool{}} }

func (u *uploads) begin(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ids[id] = true
}

func (u *uploads) end(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.ids, id)
}

// among lists which of the ids are under way.
func (u *uploads) among(ids []string) []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	var open []string
	for _, id := range ids {
		if u.ids[id] {
			open = append(open, id)
		}
	}
	return open
}
