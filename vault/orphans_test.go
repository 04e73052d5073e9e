package vault_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/vault"
)

func TestOrphans(t *testing.T) {
	dir := openDir(t, t.TempDir())
	v := vault.New(dir, keys(t, masterText))
	rows := map[string]bool{}
	var orphans []string
	const orphanBlobs = 46 + 16 // every fifth work, and the placeholder of every third of these
	for i := range 230 {        // more than two questions' worth
		id := newID()
		seal(t, v, id, []byte("a work"))
		if i%3 == 0 {
			if err := v.PutPlaceholder(t.Context(), id, strings.NewReader("a picture")); err != nil {
				t.Fatalf("put: %v", err)
			}
		}
		if rows[id] = i%5 != 0; !rows[id] {
			orphans = append(orphans, id)
		}
	}
	foreign, err := dir.Create(t.Context(), "not-an-artwork")
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if err := foreign.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	under := newID() // committed, its row about to be
	known := func(_ context.Context, ids []string) (map[string]bool, error) {
		if len(ids) > 100 {
			t.Errorf("asked for %d ids at once, want at most 100", len(ids))
		}
		answer := map[string]bool{}
		for _, id := range ids {
			if id == under {
				t.Error("asked for a work that is too young")
			}
			answer[id] = rows[id]
		}
		return answer, nil
	}
	young := time.Now().Add(-time.Hour)
	if removed, err := v.Orphans(t.Context(), young, known); removed != 0 || err != nil {
		t.Errorf("all younger than the limit: removed %d, error %v, want 0", removed, err)
	}
	limit := time.Now().Add(time.Second)
	removed, err := v.Orphans(t.Context(), limit, known)
	if removed != orphanBlobs || err != nil {
		t.Errorf("removed %d blobs, error %v, want %d", removed, err, orphanBlobs)
	}
	if removed, err := v.Orphans(t.Context(), limit, known); removed != 0 || err != nil {
		t.Errorf("again: removed %d, error %v, want 0", removed, err)
	}
	left := 0
	if err := dir.Names(t.Context(), func(name string, _ time.Time) error {
		for _, id := range orphans {
			if strings.HasPrefix(name, id) {
				t.Errorf("%s is still there", name)
			}
		}
		left++
		return nil
	}); err != nil || left != 230+77+1-orphanBlobs {
		t.Errorf("left %d blobs, error %v, want %d", left, err, 230+77+1-orphanBlobs)
	}
}

func TestOrphansRemovesNothingItCannotAskAbout(t *testing.T) {
	v, dir := dirVault(t, masterText)
	seal(t, v, newID(), bytes.Repeat([]byte("x"), 10))
	down := errors.New("the database is down")
	removed, err := v.Orphans(t.Context(), time.Now().Add(time.Hour), func(context.Context, []string) (map[string]bool, error) {
		return nil, down
	})
	if removed != 0 || !errors.Is(err, down) || len(files(t, dir)) != 1 {
		t.Errorf("removed %d, error %v, %d files left, want none removed and the error", removed, err, len(files(t, dir)))
	}
}
