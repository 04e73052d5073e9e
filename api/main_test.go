package api_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

// TestMain fails a whole run that has not exercised every documented status of
// every operation: what is documented and never tested is a rumour.
func TestMain(m *testing.M) {
	status := gallerytest.Verified{M: m}.Run()
	partial := false
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		partial = partial || flag.Lookup(name).Value.String() != ""
	}
	if missing := document.missing(); status == 0 && !partial && !testing.Short() && len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "documented in openapi.yaml, and never exercised:\n  %s\n", strings.Join(missing, "\n  "))
		status = 1
	}
	os.Exit(status)
}
