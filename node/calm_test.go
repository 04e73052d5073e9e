package node_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/node"
)

func TestCalmLogRepeatsNoWarningWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		calm := node.Calm(debugLog(&log))
		for range 180 { // three minutes of a full disk
			calm.With("a", 1).Warn("no room")
			calm.Error("broken")
			time.Sleep(time.Second)
		}
		calm.Warn("busy")
		for message, want := range map[string]int{"no room": 3, "broken": 180, "busy": 1} {
			if got := strings.Count(log.String(), message); got != want {
				t.Errorf("%q: got it %d times, want %d", message, got, want)
			}
		}
	})
}
