package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Create implements Blobs.
func (d *Dir) Create(ctx context.Context, name string) (BlobWriter, error) {
	if err := CheckName(ctx, name); err != nil {
		return nil, err
	}
	part := path.Join(incoming, name+"."+strings.ToLower(rand.Text())+".part")
	file, err := d.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, failed("create blob", err)
	}
	return &dirWriter{dir: d, name: name, part: part, file: file}, nil
}

// dirWriter writes a ".part" file and gives it its name at Commit.
type dirWriter struct {
	dir  *Dir
	name string
	part string
	file *os.File // nil after Commit and Abort
	err  error    // of the first failed Write
}

var errFinished = errors.New("the blob is finished")

// Write implements io.Writer.
func (w *dirWriter) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, errFinished
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.file.Write(p)
	if err != nil {
		w.err = failed("write blob", err)
		// Nothing can come of it any more: what is full gets its room back now,
		// not when the caller finds the time.
		w.discard()
	}
	return n, w.err
}

// Commit implements BlobWriter: the bytes first, then the name, then the
// directory that holds the name, each on the disk before the next.
func (w *dirWriter) Commit() error {
	if w.file == nil {
		if w.err != nil {
			return w.err
		}
		return errFinished
	}
	if err := w.commit(); err != nil {
		w.err = err
		w.discard()
		return err
	}
	return nil
}

func (w *dirWriter) commit() error {
	// The time of the commit, not of the last byte, tells orphans from uploads
	// under way. The clock is the file system's, which Names reports.
	now := time.Now()
	if err := w.dir.root.Chtimes(w.part, now, now); err != nil {
		return failed("date blob", err)
	}
	if err := w.file.Sync(); err != nil {
		return failed("sync blob", err)
	}
	// Closed before it is renamed: some systems refuse to rename an open file.
	file := w.file
	w.file = nil
	if err := file.Close(); err != nil {
		return failed("close blob", err)
	}
	at := shelf(w.name)
	if err := w.dir.makeShelf(at); err != nil {
		return err
	}
	if err := w.dir.root.Rename(w.part, path.Join(at, w.name)); err != nil {
		return failed("name blob", err)
	}
	if err := w.dir.sync(at); err != nil {
		// The name may or may not survive; without it nothing is left.
		w.dir.root.Remove(path.Join(at, w.name))
		return err
	}
	return nil
}

// Abort implements BlobWriter.
func (w *dirWriter) Abort() error {
	if w.file == nil {
		return nil
	}
	return w.discard()
}

// discard closes and removes the part file.
func (w *dirWriter) discard() error {
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
	if err := w.dir.root.Remove(w.part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop unfinished blob: %w", err)
	}
	return nil
}

// makeShelf makes the two directories of a shelf and makes them durable, once
// per process: a file is lost with the directory that is lost above it.
func (d *Dir) makeShelf(at string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shelve[at] {
		return nil
	}
	for _, dir := range []string{path.Dir(at), at} {
		if err := d.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return failed("make shelf", err)
		}
		if err := d.sync(path.Dir(dir)); err != nil {
			return err
		}
	}
	d.shelve[at] = true
	return nil
}

// sync makes a directory's entries durable.
func (d *Dir) sync(name string) error {
	dir, err := d.root.Open(name)
	if err != nil {
		return failed("open directory", err)
	}
	defer dir.Close()
	if err := syncDirectory(dir); err != nil {
		return failed("sync directory", err)
	}
	return nil
}
