//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"invisibleart.example/gallery/gallerytest"
)

func TestMain(m *testing.M) {
	// testscript runs this very binary as the command "gallery", so that the
	// scripts run with the race detector.
	testscript.Main(gallerytest.Verified{M: m}, map[string]func(){"gallery": main})
}

// TestScripts runs what stands in testdata/script: a script for each command,
// with its successes and each of its failures.
func TestScripts(t *testing.T) {
	oldGallery, err := filepath.Abs("../../django/testdata/old_gallery/make.py")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			// A script begins with no settings but its own, whoever runs the tests.
			for _, setting := range env.Vars {
				if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "GALLERY_") {
					env.T().Fatal("the environment of the scripts holds " + name)
				}
			}
			env.Values[socketsKey{}] = map[string]*gallerytest.Socket{}
			env.Setenv("OLD_GALLERY", oldGallery)
			return nil
		},
		Condition: func(condition string) (bool, error) {
			return condition == "root" && os.Geteuid() == 0 || condition == "django" && hasDjango(), nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"await":   await,
			"get":     get,
			"occupy":  occupy,
			"ended":   ended,
			"listen":  listenTo,
			"heard":   heard,
			"closed":  closed,
			"newer":   newer,
			"hang":    hang,
			"servers": func(ts *testscript.TestScript, neg bool, args []string) { startServers(t, ts, neg, args) },
		},
	})
}

// hasDjango tells whether Debian's Python can make an old gallery. In CI, where
// everything must be there, the script runs in any case, and fails.
func hasDjango() bool {
	return os.Getenv("CI") != "" || exec.Command("/usr/bin/python3", "-c", "import django, cryptography").Run() == nil
}
