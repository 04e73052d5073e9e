package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// crashSource names the store that the child of TestKill writes to.
const crashSource = "GALLERY_STORE_TEST_CRASH_SOURCE"

// TestKillChild is no test of its own: it is the process that TestKill kills.
// It commits acts from many goroutines, each a comment, its notification and
// its event, and prints the number of each that was acknowledged.
func TestKillChild(t *testing.T) {
	source := os.Getenv(crashSource)
	if source == "" {
		t.Skip("is run by TestKill")
	}
	first, err := strconv.Atoi(os.Getenv(crashSource + "_FIRST"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), source, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	const writers = 8
	for w := range writers {
		wg.Go(func() {
			for n := first + w; ; n += writers { // until killed
				switch err := act(context.Background(), db, n); {
				case gallery.CodeOf(err) == gallery.Unavailable: // the server is being killed: the next one
					time.Sleep(5 * time.Millisecond)
					continue
				case err != nil:
					t.Error(err)
					return
				}
				mu.Lock()
				fmt.Printf("\nacknowledged %d\n", n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func act(ctx context.Context, db *store.DB, n int) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		c := gallery.Comment{ID: id(n), ArtworkID: id(1), User: user(2).Ref(), Content: "!", CreatedAt: at(1)}
		if _, err := tx.AddComment(ctx, c); err != nil {
			return err
		}
		note, err := tx.Notify(ctx, gallery.Notification{RecipientID: id(1), Data: gallery.NotificationData{CommentID: c.ID}})
		if err != nil {
			return err
		}
		return tx.Enqueue(ctx, gallery.Event{Kind: gallery.EventNewComment, Notification: note}, "")
	})
}

// TestKill kills a process in a storm of commits, again and again, and finds
// everything that was acknowledged, each act whole and once. With PostgreSQL
// the server is killed as well, under the writers.
func TestKill(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { kill(t, sqliteSource(t), nil) })
	t.Run("PostgreSQL", func(t *testing.T) { kill(t, servers.Database(t), nil) })
	t.Run("PostgreSQL's server", func(t *testing.T) {
		server := servers.PostgreSQL(t)
		kill(t, server.Database(t), func() {
			server.Kill(t)
			server.Start(t)
		})
	})
}

// kill calls meanwhile, if there is one, when half of a round is acknowledged.
func kill(t *testing.T, source string, meanwhile func()) {
	db, err := store.Open(t.Context(), source, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	addUsers(t, db, 1, 3)
	addArtworks(t, db, artwork(1, 1))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []int
	for round := range 4 {
		// A hundred, then some, so that the log is killed at different lengths.
		acknowledged = append(acknowledged, killed(t, source, 10_000*(round+1), 100+150*round, meanwhile)...)
		wantActs(t, source, acknowledged)
	}
	t.Logf("%d acknowledged acts survived 4 kills", len(acknowledged))
}

// killed starts a child and kills it after so many acknowledgements; it
// returns all that the child got to print.
func killed(t *testing.T, source string, first, after int, meanwhile func()) (acknowledged []int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.timeout=5m")
	child.Env = append(os.Environ(), crashSource+"="+source, fmt.Sprintf("%s_FIRST=%d", crashSource, first))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &n); err != nil {
			continue
		}
		acknowledged = append(acknowledged, n)
		if len(acknowledged) == after/2 && meanwhile != nil {
			meanwhile()
		}
		if len(acknowledged) == after {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || len(acknowledged) < after {
		t.Fatalf("the child ended by itself after %d acknowledgements: %v", len(acknowledged), err)
	}
	return acknowledged
}

func wantActs(t *testing.T, source string, acknowledged []int) {
	t.Helper()
	db, err := store.Open(t.Context(), source, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		for _, n := range acknowledged {
			if _, _, err := tx.CommentByID(ctx, id(n)); err != nil {
				t.Errorf("acknowledged comment %d: %v", n, err)
			}
		}
		a, err := tx.Artwork(ctx, id(1))
		if err != nil {
			return err
		}
		inbox, err := tx.InboxAfter(ctx, id(1), 0, 1<<20)
		if err != nil {
			return err
		}
		outbox, err := tx.Outbox(ctx, "", time.Time{}, 1<<20)
		if err != nil {
			return err
		}
		// Some were committed and died before they could say so.
		if count := int(a.CommentCount); count < len(acknowledged) || len(inbox) != count || len(outbox) != count {
			t.Errorf("got %d comments, %d inbox rows, %d events for %d acknowledged acts, want as many of each, and at least those",
				count, len(inbox), len(outbox), len(acknowledged))
		}
		for i, n := range inbox {
			if n.Seq != int64(i+1) {
				t.Errorf("seq %d at place %d of the inbox", n.Seq, i+1)
			}
			if _, _, err := tx.CommentByID(ctx, n.Data.CommentID); err != nil {
				t.Errorf("comment of seq %d: %v", n.Seq, err)
			}
		}
		return nil
	})
}
