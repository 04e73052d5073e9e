package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/demo"
	"invisibleart.example/gallery/gallerytest"
)

// printed is what a command has written so far.
type printed struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// TestDemoOpensAndGoes runs the whole demonstration, only that its pictures are
// written and not painted.
func TestDemoOpensAndGoes(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, log := &printed{}, &printed{}
	ended := make(chan error, 1)
	go func() {
		ended <- demoCommand{Listen: "127.0.0.1:0"}.play(ctx, streams{out: out, err: log}, demo.Config{
			Program: "gallery",
			Paint: func(n int) (demo.Painting, error) {
				return demo.Painting{Title: fmt.Sprintf("Poem %d", n), Filename: "poem", Content: fmt.Appendf(nil, "The fog comes on %d feet.", n)}, nil
			},
		})
	}()
	page := regexp.MustCompile(`gallery watch (http://\S+/artworks/\S+)\n`)
	for deadline := time.Now().Add(2 * gallerytest.Patience); !strings.Contains(out.String(), "Be the tenth viewer"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not open:\n%s%s", out, log)
		}
	}
	for _, m := range page.FindAllStringSubmatch(out.String(), -1) {
		response, err := http.Get(m[1])
		if err != nil {
			t.Fatalf("open a page it suggests: %v", err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: got status %d, want 200", m[1], response.StatusCode)
		}
	}
	if n := len(page.FindAllString(out.String(), -1)); n != 2 {
		t.Errorf("it suggests %d works to watch, want 2:\n%s", n, out)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // the server waits for them
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v, want nil", err)
		}
	case <-time.After(gallerytest.Patience):
		t.Fatal("it did not end")
	}
	if left, err := filepath.Glob(filepath.Join(temp, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if text := log.String(); text != "" {
		t.Errorf("it logged:\n%s", text)
	}
	if strings.Contains(out.String(), os.Args[0]) {
		t.Errorf("it names the program by its path, not as it was told:\n%s", out)
	}
}
