package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/vault"
)

// marked is content with a random marker every 1,000 bytes, beginning, middle
// and end included.
func marked(size int) (content, marker []byte) {
	marker = make([]byte, 16)
	rand.Read(marker)
	content = noise(size, 7)
	for at := 0; at+16 <= size; at += 1000 {
		copy(content[at:], marker)
	}
	copy(content[size-16:], marker)
	return content, marker
}

// wantNowhere looks for the marker in every byte of every file below dir, as
// it is, in hex and in part, and wants to have looked at least bytes' worth.
func wantNowhere(t *testing.T, dir string, marker []byte, least int, when string) {
	t.Helper()
	looked := 0
	for _, path := range files(t, dir) {
		content := readFile(t, path)
		looked += len(content)
		for _, form := range [][]byte{marker, marker[:8], marker[8:], []byte(hex.EncodeToString(marker))} {
			if at := bytes.Index(content, form); at >= 0 {
				t.Errorf("%s: the marker lies in %s at %d", when, path, at)
			}
		}
	}
	if looked < least {
		t.Errorf("%s: only %d bytes were there to look at, want %d", when, looked, least)
	}
}

func TestPlaintextIsNowhereOnDisk(t *testing.T) {
	v, dir := dirVault(t, masterText)
	content, marker := marked(10*chunk + 333)
	// The temporary directory is the other place where plaintext likes to turn up.
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)

	checked := false
	half := io.MultiReader(
		bytes.NewReader(content[:6*chunk]),
		readerFunc(func([]byte) (int, error) {
			wantNowhere(t, dir, marker, 4*chunk, "in the middle of the upload")
			checked = true
			return 0, io.EOF
		}),
		bytes.NewReader(content[6*chunk:]),
	)
	sealing, err := v.Seal(t.Context(), newID(), half)
	if err != nil || !checked {
		t.Fatalf("seal: %v (looked in the middle: %v)", err, checked)
	}
	wantNowhere(t, dir, marker, len(content), "sealed, before the commit")
	if err := sealing.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	wantNowhere(t, dir, marker, len(content), "after the commit")
	if left := files(t, temp); len(left) > 0 {
		t.Errorf("temporary files: %v", left)
	}
}

// process starts the test binary in a role.
func process(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], dir)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestKilledInTheMiddleOfAnUpload(t *testing.T) {
	dir := t.TempDir()
	cmd := process(t, "upload for ever", dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The process tells its marker once a good part of it must be on its way.
	var text string
	if _, err := fmt.Fscanln(stdout, &text); err != nil {
		t.Fatalf("read the marker: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	marker, err := hex.DecodeString(text)
	if err != nil || len(marker) != 16 {
		t.Fatalf("marker %q: %v", text, err)
	}
	wantNowhere(t, dir, marker, 10*chunk, "after the kill")
	openDir(t, dir)
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind after the next start: %v", left)
	}
}

func uploadForEver(dir string) {
	content, marker := marked(chunk)
	sent := 0
	endless := readerFunc(func(p []byte) (int, error) {
		if sent++; sent == 40 {
			fmt.Println(hex.EncodeToString(marker))
		}
		return copy(p, content), nil
	})
	blobs, err := vault.OpenDir(dir)
	if err == nil {
		var k vault.Keys
		if k, err = vault.ParseKeys(masterText); err == nil {
			_, err = vault.New(blobs, k).Seal(context.Background(), newID(), endless)
		}
	}
	fmt.Fprintln(os.Stderr, "upload for ever ended:", err)
	os.Exit(1)
}

// TestNoRoom starves a process of disk space and wants a clean answer and a
// clean directory.
func TestNoRoom(t *testing.T) {
	dir := t.TempDir()
	out, err := process(t, "upload without room", dir).Output()
	if strings.Contains(string(out), "unlimited") {
		t.Skip("no limit on file sizes on this system")
	}
	if want := "unavailable: no room; 0 files left\n"; err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

func uploadWithoutRoom(dir string) {
	if !limitFileSize(3 * chunk) {
		fmt.Println("unlimited")
		return
	}
	blobs, err := vault.OpenDir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := vault.ParseKeys(masterText)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealing, err := vault.New(blobs, k).Seal(context.Background(), newID(), bytes.NewReader(noise(10*chunk, 1)))
	if err == nil {
		fmt.Println("sealed without room:", sealing.Seal)
		return
	}
	room := "no word of it"
	if strings.Contains(err.Error(), "no room") {
		room = "no room"
	}
	entries, listing := os.ReadDir(dir + "/incoming")
	if listing != nil {
		fmt.Println(listing)
	}
	fmt.Printf("%s: %s; %d files left\n", gallery.CodeOf(err), room, len(entries))
}
