package s3_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/s3server"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/vault/s3"
)

// act is the test binary as a process that tests measure or kill. Its arguments
// are the bucket's URL, key and secret.
func act(role string) int {
	bucket, err := s3.Open(context.Background(), os.Args[1], s3.Options{AccessKey: os.Args[2], SecretKey: os.Args[3]})
	if err == nil {
		defer bucket.Close()
		var keys vault.Keys
		if keys, err = vault.ParseKeys(masterText); err == nil {
			content := map[string]io.Reader{
				"upload 64 MiB":   io.LimitReader(pattern{}, 64*mib),
				"upload for ever": pattern{},
			}[role]
			var sealing *vault.Sealing
			if sealing, err = vault.New(bucket, keys).Seal(context.Background(), newID(), content); err == nil {
				err = sealing.Commit()
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, role, "ended:", err)
		return 1
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("%d %d\n", m.Sys>>10, m.TotalAlloc>>10)
	return 0
}

// pattern is an endless content that costs no memory.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "sealed "[i%7]
	}
	return len(p), nil
}

// process starts the test binary in a role against the server.
func process(t *testing.T, role string, server *s3server.Server) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], server.URL(), server.AccessKey, server.SecretKey)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestMemoryOfAnUpload seals 64 MiB in a process of its own and looks at all
// that it ever took from the system.
func TestMemoryOfAnUpload(t *testing.T) {
	server := s3server.Start(t)
	out, err := process(t, "upload 64 MiB", server).Output()
	if err != nil {
		t.Fatal(err)
	}
	var taken, allocated int
	if _, err := fmt.Sscan(string(out), &taken, &allocated); err != nil {
		t.Fatalf("read %q: %v", out, err)
	}
	t.Logf("64 MiB went up with %d KiB from the system, %d KiB allocated in all", taken, allocated)
	// One part, its predecessors while it grew, and the program. The race
	// detector takes some more.
	if taken > 48<<10 {
		t.Errorf("the process took %d KiB, want it not to depend on the work's size", taken)
	}
	if keys := server.Keys(); len(keys) != 1 {
		t.Errorf("the store holds %v, want the work", keys)
	}
}

func TestKilledInTheMiddleOfAnUpload(t *testing.T) {
	server := s3server.Start(t)
	parts := make(chan struct{}, 100)
	var sent atomic.Int64
	server.Fault(func(r s3server.Request) s3server.Fault {
		if r.Op == "UploadPart" && sent.Add(1) == 3 {
			parts <- struct{}{}
		}
		return s3server.Fault{}
	})
	cmd := process(t, "upload for ever", server)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-parts
	cmd.Process.Kill()
	cmd.Wait()
	if keys := server.Keys(); len(keys) > 0 {
		t.Errorf("readable after the kill: %v", keys)
	}
	o := credentials(server)
	bucket := open(t, server, o)
	if err := bucket.Names(t.Context(), func(name string, _ time.Time) error { return fmt.Errorf("%s is listed", name) }); err != nil {
		t.Error(err)
	}
	if server.Uploads() != 1 {
		t.Errorf("%d unfinished uploads, want the one that was killed", server.Uploads())
	}
	o.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	open(t, server, o)
	wantEmpty(t, server, "a day later")
}

// TestPlaintextIsNowhereInTheStore looks for a marker in everything that the
// store has received, in the middle of an upload and after it.
func TestPlaintextIsNowhereInTheStore(t *testing.T) {
	server, bucket := start(t)
	marker := make([]byte, 16)
	rand.Read(marker)
	content := bytes.Repeat(append(noise(984, 1), marker...), 20_000)
	look := func(when string, least int) {
		t.Helper()
		looked := 0
		server.Each(func(where string, stored []byte) {
			looked += len(stored)
			for _, form := range [][]byte{marker, marker[:8], marker[8:], []byte(hex.EncodeToString(marker))} {
				if bytes.Contains(stored, form) {
					t.Errorf("%s: the marker lies in %s", when, where)
				}
			}
		})
		if looked < least {
			t.Errorf("%s: only %d bytes were there to look at, want %d", when, looked, least)
		}
	}
	half := io.MultiReader(bytes.NewReader(content[:len(content)/2]), readerFunc(func([]byte) (int, error) {
		look("in the middle of the upload", 8*mib)
		return 0, io.EOF
	}), bytes.NewReader(content[len(content)/2:]))
	sealing, err := newVault(t, bucket).Seal(t.Context(), newID(), half)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if err := sealing.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	look("after the commit", len(content))
	// The marker would be found: the same look at what is not sealed.
	found := false
	server.Put("plain", content)
	server.Each(func(where string, stored []byte) {
		found = found || strings.HasSuffix(where, "plain") && bytes.Contains(stored, marker)
	})
	if !found {
		t.Error("the marker is not found even where it lies")
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
