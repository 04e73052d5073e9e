package gallerytest_test

import (
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/gallerytest/servers"
)

func TestMain(m *testing.M) { gallerytest.VerifyMain(m) }

func TestLeaksNamesWhatIsLeft(t *testing.T) {
	servers.Stop() // what earlier tests share waits for its process
	release := make(chan struct{})
	go lingers(release)
	left := gallerytest.Leaks(0)
	if got, want := strings.Join(left, "\n"), "TestLeaksNamesWhatIsLeft"; !strings.Contains(got, want) {
		t.Errorf("got %q, want a stack that names %s", got, want)
	}
	close(release)
	if left := gallerytest.Leaks(5 * time.Second); len(left) > 0 {
		t.Errorf("got %d goroutines after the release, want none:\n%s", len(left), strings.Join(left, "\n\n"))
	}
}

func lingers(release chan struct{}) { <-release }
