package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/demo"
	"invisibleart.example/gallery/gallerytest"
)

func TestMain(m *testing.M) { gallerytest.VerifyMain(m) }

// dab is a painting that takes no time: the n-th shade of grey.
func dab(n int) (demo.Painting, error) {
	im := image.NewGray(image.Rect(0, 0, 4, 4))
	im.SetGray(1, 1, color.Gray{uint8(n)})
	var file bytes.Buffer
	if err := png.Encode(&file, im); err != nil {
		return demo.Painting{}, err
	}
	return demo.Painting{
		Title: fmt.Sprintf("Dab %d", n), AltText: "A dab of grey.", Description: "Painted quickly.",
		Filename: "dab.png", Content: file.Bytes(),
	}, nil
}

// show is a demonstration that runs until the end of the test.
type show struct {
	house gallerytest.House

	mu    sync.Mutex
	out   strings.Builder
	stop  context.CancelFunc
	ended chan error
}

// Write is where the demonstration prints and logs.
func (s *show) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *show) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// begin starts a demonstration in a gallery of its own and waits until it has
// welcomed its reader.
func begin(t *testing.T, pace demo.Pace, house gallerytest.House) *show {
	t.Helper()
	s := &show{house: house, ended: make(chan error, 1)}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	config := demo.Config{URL: house.URL + "/", Pace: pace, Paint: dab, Out: s, Log: slog.New(slog.NewTextHandler(s, nil))}
	go func() { s.ended <- demo.Run(ctx, config) }()
	t.Cleanup(func() { s.end(t) })
	s.await(t, "Be the tenth viewer")
	return s
}

// end stops it, once, and wants no error.
func (s *show) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err, running := <-s.ended:
		if running {
			close(s.ended)
		}
		if err != nil {
			t.Errorf("the demonstration ended with %v, want nil", err)
		}
	case <-time.After(gallerytest.Patience):
		t.Fatal("the demonstration did not end")
	}
}

// await waits until a text is printed.
func (s *show) await(t *testing.T, part string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(s.text(), part) }, func() string {
		return fmt.Sprintf("%q was not printed:\n%s", part, s.text())
	})
}

func eventually(t *testing.T, so func() bool, otherwise func() string) {
	t.Helper()
	for deadline := time.Now().Add(2 * gallerytest.Patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise())
		}
	}
}

// hung is a work on the walls.
type hung struct {
	ID, Title  string
	Artist     struct{ Username string }
	IsRevealed bool   `json:"is_revealed"`
	RevealWhen string `json:"reveal_when"`
	Conditions []struct {
		Type  string          `json:"condition_type"`
		Value json.RawMessage `json:"condition_value"`
	} `json:"reveal_conditions"`
	ViewCount    int64 `json:"view_count"`
	CommentCount int64 `json:"comment_count"`
}

// waitsFor is the conditions in short.
func (h hung) waitsFor() string {
	list := make([]string, 0, len(h.Conditions))
	for _, c := range h.Conditions {
		if c.Type == "time" {
			list = append(list, "time")
			continue
		}
		list = append(list, strings.ReplaceAll(string(c.Value), " ", ""))
	}
	return h.RevealWhen + " " + strings.Join(list, " ")
}

const tenViewers, threeComments = `any {"count":10}`, `any {"comment_count":3}`

// walls lists every work, the newest first.
func (s *show) walls(t *testing.T) []hung {
	t.Helper()
	var all []hung
	for cursor := ""; ; {
		var page struct {
			Results []hung
			Next    *string
		}
		s.house.Anybody().Do(t, "GET", "/artworks?limit=100"+cursor, nil, 200, &page)
		all = append(all, page.Results...)
		if page.Next == nil {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// find returns the newest work that waits for this.
func (s *show) find(t *testing.T, waitsFor string) hung {
	t.Helper()
	for _, h := range s.walls(t) {
		if h.waitsFor() == waitsFor {
			return h
		}
	}
	t.Fatalf("no work waits for %s", waitsFor)
	return hung{}
}

// account signs one of the cast in.
func (s *show) account(t *testing.T, name string) *gallerytest.Person {
	t.Helper()
	var signed struct {
		User            struct{ ID string }
		Access, Refresh string
	}
	s.house.Anybody().Do(t, "POST", "/auth/login", map[string]string{"email": name + "@example.com", "password": demo.Password}, 200, &signed)
	return &gallerytest.Person{House: s.house, ID: signed.User.ID, Name: name, Access: signed.Access, Refresh: signed.Refresh}
}
