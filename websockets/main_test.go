package websockets_test

import (
	"flag"
	"os"
	"os/exec"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

func TestMain(m *testing.M) { gallerytest.VerifyMain(m) }

// goroutines has the servers of the tests wait at their sockets with a goroutine
// each.
var goroutines = flag.Bool("goroutines", false, "a goroutine for each socket")

// TestConsumersOnGoroutines runs the tests of the consumers once more with the
// other of the two ways to read sockets: they must not know on which they run.
func TestConsumersOnGoroutines(t *testing.T) {
	if *goroutines {
		t.Skip("these are they")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const tests = "Artwork|Notification|Reveal|Check|Stale|Stalled|Missed|Deleted|Broken|Client|SignOut|Since|Replay|Slow|" +
		"Out|System|Purged|Claim|Users|Mark|Every|Shutdown|Token|Joins|Panic"
	out, err := exec.CommandContext(t.Context(), program, "-goroutines", "-test.run", "^Test("+tests+")").CombinedOutput()
	if err != nil {
		t.Errorf("on goroutines: %v\n%s", err, out)
	}
}
