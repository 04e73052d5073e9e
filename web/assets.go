package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"invisibleart.example/gallery"
)

// assets are the static files. They share one version, a hash over all of
// them, that stands as a directory in their addresses: so they can be kept for
// ever, and modules can import each other by relative names.
type assets struct {
	prefix string // "/assets/<version>"
	files  map[string][]byte
}

func loadAssets(from fs.FS) (assets, error) {
	a := assets{files: map[string][]byte{}}
	hash := sha256.New()
	entries, err := fs.ReadDir(from, "assets") // sorted by name
	if err != nil {
		return assets{}, err
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(from, "assets/"+entry.Name())
		if err != nil {
			return assets{}, err
		}
		a.files[entry.Name()] = content
		fmt.Fprintf(hash, "%s %d\n", entry.Name(), len(content))
		hash.Write(content)
	}
	a.prefix = "/assets/" + hex.EncodeToString(hash.Sum(nil))[:16]
	return a, nil
}

// asset answers with a static file. A page of another version of the program,
// still open in somebody's browser or served by a node that is yet to be
// replaced, gets today's file, and may not keep it.
func (s *site) asset(w http.ResponseWriter, v *visit) error {
	name := v.PathValue("name")
	content, ok := s.assets.files[name]
	if !ok {
		return gallery.Errorf(gallery.NotFound, "Nothing hangs at this address.")
	}
	if "/assets/"+v.PathValue("version") == s.assets.prefix {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, v.Request, name, time.Time{}, bytes.NewReader(content))
	return nil
}

// favicon is for browsers that ask for it without having read the page.
func (s *site) favicon(w http.ResponseWriter, v *visit) error {
	http.Redirect(w, v.Request, s.assets.prefix+"/icon.svg", http.StatusFound)
	return nil
}
