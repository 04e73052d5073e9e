package servers

import (
	"os"
	"os/exec"
	"testing"
)

// Need finds a program that the test needs. When it is not installed, the test
// is skipped, loudly; in CI, where everything must be there, it fails.
func Need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil { // servers lie where only root looks
		path, err = exec.LookPath("/usr/sbin/" + program)
	}
	if err != nil {
		Missing(t, program+" is not installed; make deps installs what the tests need")
	}
	return path
}

// Missing skips the test for want of something, or fails it in CI.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip("SKIPPED: " + what)
}
