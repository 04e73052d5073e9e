package gallerytest_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
)

// tourBlocks are the fenced sh blocks between the markers of a tour, each as it
// would be copied into a terminal.
func tourBlocks(markdown string) ([]string, error) {
	_, rest, begun := strings.Cut(markdown, "<!-- tour:begin -->")
	tour, _, ended := strings.Cut(rest, "<!-- tour:end -->")
	if !begun || !ended {
		return nil, fmt.Errorf("there is no tour: want the markers <!-- tour:begin --> and <!-- tour:end -->")
	}
	var blocks []string
	inside, block := false, ""
	for line := range strings.Lines(tour) {
		switch fence := strings.TrimSpace(line); {
		case !inside && fence == "```sh":
			inside, block = true, ""
		case inside && fence == "```":
			inside = false
			blocks = append(blocks, block)
		case inside:
			block += line
		}
	}
	if inside || len(blocks) == 0 {
		return nil, fmt.Errorf("the tour has %d whole sh blocks, and one that does not end: %t", len(blocks), inside)
	}
	return blocks, nil
}

// walkTour runs the blocks in one bash, as somebody would who copies one after
// the other, and stops at the first command that fails. What runs in the
// background at the end is ended.
func walkTour(ctx context.Context, bash, folder string, env, blocks []string) (output string, err error) {
	script := "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
	for i, block := range blocks {
		script += fmt.Sprintf("echo '### block %d'\n%s\n", i+1, block)
	}
	command := exec.CommandContext(ctx, bash, "-e", "-o", "pipefail", "-c", script)
	command.Dir = folder
	command.Env = append(os.Environ(), env...)
	command.WaitDelay = 5 * time.Second // for what still holds the output open
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestTour does what the README says, command by command.
func TestTour(t *testing.T) {
	root := gallerytest.Root(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := tourBlocks(string(readme))
	if err != nil {
		t.Fatalf("README.md: %v", err)
	}
	bash := gallerytest.Need(t, "bash")
	gallerytest.Need(t, "curl")
	p := gallerytest.Launch(t, "--rate-limits", "on") // as a reader's gallery has them
	folder := t.TempDir()
	copyTree(t, root, folder) // the tour builds and writes where it stands
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	output, err := walkTour(ctx, bash, folder, []string{"GALLERY=" + p.URL}, blocks)
	if err != nil {
		t.Errorf("the tour failed in the last block named here: %v\n%s", err, output)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if path != from && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "gallery-data") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatalf("copy the tree: %v", err)
	}
}

// TestTourHarness: a tour that fails anywhere fails, one command in a later
// block knows what an earlier one set, and what is no tour is not run.
func TestTourHarness(t *testing.T) {
	bash := gallerytest.Need(t, "bash")
	const fence = "```"
	page := func(blocks ...string) string {
		text := "# Title\n" + fence + "sh\nfalse # before the tour\n" + fence + "\n<!-- tour:begin -->\n" +
			fence + "json\n{}\n" + fence + "\n"
		for _, b := range blocks {
			text += "Words.\n\n" + fence + "sh\n" + b + fence + "\n"
		}
		return text + "<!-- tour:end -->\n" + fence + "sh\nfalse # after it\n" + fence + "\n"
	}
	tests := []struct {
		name, page string
		want       string // in the output, "" when the tour must fail
		last       string // the last block that was begun
	}{
		{"good", page("NAME=Mira\necho one > one.log\nsleep 60 &\n", "cat one.log | tr a-z A-Z; echo hello $NAME $GALLERY\n"), "hello Mira http://gallery", "block 2"},
		{"a command that fails", page("echo fine\n", "false\necho on\n", "echo never\n"), "", "block 2"},
		{"a pipe that fails", page("false | cat\n", "echo never\n"), "", "block 1"},
		{"a command that does not exist", page("no-such-command-anywhere\n"), "", "block 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			blocks, err := tourBlocks(tt.page)
			if err != nil {
				t.Fatal(err)
			}
			out, err := walkTour(t.Context(), bash, t.TempDir(), []string{"GALLERY=http://gallery"}, blocks)
			if (err == nil) != (tt.want != "") {
				t.Errorf("got error %v, want one: %t\n%s", err, tt.want == "", out)
			}
			if !strings.Contains(out, tt.want) {
				t.Errorf("got output %q, want it to contain %q", out, tt.want)
			}
			if got := out[strings.LastIndex(out, "### ")+4:]; !strings.HasPrefix(got, tt.last) {
				t.Errorf("the tour ended in %q, want %q", got, tt.last)
			}
			if bytes.Contains([]byte(out), []byte("never")) {
				t.Errorf("the tour went on after a failure: %s", out)
			}
		})
	}
	for name, text := range map[string]string{
		"no markers": "# Title\n" + fence + "sh\ntrue\n" + fence + "\n",
		"no end":     "<!-- tour:begin -->\n" + fence + "sh\ntrue\n" + fence + "\n",
		"no blocks":  "<!-- tour:begin -->\nWords.\n<!-- tour:end -->\n",
		"open block": "<!-- tour:begin -->\n" + fence + "sh\ntrue\n<!-- tour:end -->\n",
	} {
		if blocks, err := tourBlocks(text); err == nil {
			t.Errorf("%s: got %d blocks, want an error", name, len(blocks))
		}
	}
}
