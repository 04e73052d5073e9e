package node_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

const longKey = "a key that is long enough for anybody"

func open(t *testing.T, c node.Config) *node.Node {
	t.Helper()
	n, err := node.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return n
}

func write(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func TestOpenKeepsSecretsFromOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	data := filepath.Join(t.TempDir(), "a", "b")
	n := open(t, node.Config{Data: data})
	if got, want := n.DataDir(), data; got != want {
		t.Errorf("got data directory %s, want %s", got, want)
	}
	for name, want := range map[string]fs.FileMode{
		"":           0o700,
		"works":      0o700,
		"jwt.key":    0o600,
		"master.key": 0o600,
		"lock":       0o600,
		"gallery.db": 0o600,
	} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q: got mode %o, want %o", name, got, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(data, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("got left-over files %v (%v), want none", left, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, data string)
		config  node.Config
		want    string
	}{
		{"a directory in use", func(t *testing.T, data string) { open(t, node.Config{Data: data}) },
			node.Config{}, "is in use by another gallery"},
		{"a file for a directory", func(t *testing.T, data string) { write(t, data, "", 0o600) },
			node.Config{}, "make the data directory"},
		{"a key that others may read", func(t *testing.T, data string) { write(t, data+"/jwt.key", longKey, 0o640) },
			node.Config{}, "jwt.key may be read by others (mode 0640)"},
		{"a key file that holds too little", func(t *testing.T, data string) { write(t, data+"/master.key", "secret\n", 0o600) },
			node.Config{}, "master.key holds 6 bytes, want at least 32"},
		{"an empty key file", func(t *testing.T, data string) { write(t, data+"/jwt.key", "\n", 0o600) },
			node.Config{}, "jwt.key holds 0 bytes, want at least 32"},
		{"a key file that is no key", func(t *testing.T, data string) {
			write(t, data+"/jwt.key", strings.Repeat("secret", 100_000), 0o600)
		}, node.Config{}, "which is no key"},
		{"a short JWT key", nil, node.Config{JWTKey: "secret"}, "the JWT key: "},
		{"a short master key", nil, node.Config{MasterKey: "old:secret"}, "the master key: "},
		{"an origin that is none", nil, node.Config{AllowedOrigins: []string{"gallery"}}, "gallery"},
		{"a public URL that is none", nil, node.Config{PublicURL: "ftp://gallery"}, "ftp://gallery"},
		{"a proxy that is none", nil, node.Config{TrustedProxies: []string{"10.0.0.0/99"}}, `trusted proxy "10.0.0.0/99"`},
		{"a database that is none", func(t *testing.T, data string) {
			write(t, data+"/gallery.db", strings.Repeat("no database ", 1000), 0o600)
		},
			node.Config{}, "gallery.db"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.Data = filepath.Join(t.TempDir(), "data")
			if tt.prepare != nil {
				tt.prepare(t, tt.config.Data)
			}
			n, err := node.Open(t.Context(), tt.config)
			if err == nil {
				n.Close()
				t.Fatalf("got no error, want one with %q", tt.want)
			}
			if got := err.Error(); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want it to contain %q", got, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes the key: %v", err)
			}
		})
	}
}

// A new master key beside works that another one sealed would look like a
// fresh start and be a loss.
func TestOpenMakesNoMasterKeyBesideWorks(t *testing.T) {
	data := t.TempDir()
	s := gallerytest.Start(t, gallerytest.Options{Data: data})
	s.Artist(t, "ada").Hang(t, gallerytest.Work{})
	s.Stop(t)
	if err := os.Remove(filepath.Join(data, "master.key")); err != nil {
		t.Fatal(err)
	}
	_, err := node.Open(t.Context(), node.Config{Data: data})
	if want := "has works but no master key"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
	if _, err := os.Stat(filepath.Join(data, "master.key")); err == nil {
		t.Error("a master key was made all the same")
	}
	// Given by hand it is no matter where the key was before.
	open(t, node.Config{Data: data, MasterKey: longKey})
}

func TestOpenTakesTheKeysThatAreThere(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	write(t, data+"/jwt.key", longKey+"\n", 0o600)
	write(t, data+"/master.key", "new:"+longKey+",old:"+longKey, 0o600)
	open(t, node.Config{Data: data})
	for name, want := range map[string]string{"jwt.key": longKey + "\n", "master.key": "new:" + longKey + ",old:" + longKey} {
		if got, err := os.ReadFile(filepath.Join(data, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q (%v), want it as it was", name, got, err)
		}
	}
}

// Commands may come before the first start, and all at once. A key of theirs
// would be another than the one that a server is given.
func TestOpenBesideMakesNoKey(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			b, err := node.OpenBeside(t.Context(), node.Config{Data: data})
			if err != nil {
				t.Errorf("open beside: %v", err)
				return
			}
			defer b.Close()
			if b.HasKey() {
				t.Error("has a key, want none before the first start")
			}
		})
	}
	group.Wait()
	if _, err := os.Stat(filepath.Join(data, "jwt.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looked for a key: %v, want none", err)
	}
}

// A command beside a server signs with the key that the server made at its first
// start.
func TestOpenBesideFindsTheServersKey(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	n, err := node.Open(t.Context(), node.Config{Data: data})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer n.Close()
	b, err := node.OpenBeside(t.Context(), node.Config{Data: data})
	if err != nil {
		t.Fatalf("open beside: %v", err)
	}
	defer b.Close()
	if !b.HasKey() {
		t.Error("the command does not find the server's key")
	}
}

// Closing lets go of the lock: the next one may serve.
func TestCloseLetsGo(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for range 3 {
		n, err := node.Open(t.Context(), node.Config{Data: data})
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Fatalf("close again: %v", err)
		}
	}
}
