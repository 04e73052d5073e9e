package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"invisibleart.example/gallery"
)

// Dir keeps blobs as files of one directory that belongs to the gallery alone:
//
//	incoming/<name>.<random>.part   being written
//	<h>/<h>/<name>                  committed; h are hex digits of SHA-256(name)
//
// Directories are made with mode 0700, files with 0600, and no path leads out
// of the directory (os.Root), not even by way of a planted symbolic link.
type Dir struct {
	root *os.Root

	mu     sync.Mutex
	shelve map[string]bool // shelves known to be durable directories
}

const incoming = "incoming"

// OpenDir opens the directory of blobs at path, and makes it when it is not
// there. It removes what unfinished uploads left behind, so one process at a
// time may use a directory; `gallery serve` sees to that with a lock.
func OpenDir(path string) (*Dir, error) { return openDir(path, everything) }

// OpenSharedDir opens a directory on a volume that several processes share, on
// one machine or on many. An unfinished upload may be another one's that is
// still under way, so only those that nobody has written to for 24 hours are
// removed. The volume has to rename within itself in one step, as POSIX file
// systems and NFS do.
func OpenSharedDir(path string) (*Dir, error) { return openDir(path, abandonedAfter) }

const (
	// everything is the age that every unfinished upload has.
	everything = time.Duration(math.MinInt64)

	// abandonedAfter is how long nobody must have written to an upload before it
	// is taken for abandoned. It is long because the dates are those of the
	// volume's clock, and short of nothing: such an upload costs room only.
	abandonedAfter = 24 * time.Hour
)

func openDir(path string, age time.Duration) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of sealed works: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open the directory of sealed works: %w", err)
	}
	d := &Dir{root: root, shelve: map[string]bool{}}
	if err := d.clean(age); err != nil {
		root.Close()
		return nil, fmt.Errorf("clear unfinished uploads in %s: %w", path, err)
	}
	return d, nil
}

// clean removes the unfinished uploads that are at least as old as age.
func (d *Dir) clean(age time.Duration) error {
	if err := d.root.Mkdir(incoming, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	left, err := fs.ReadDir(d.root.FS(), incoming)
	if err != nil {
		return err
	}
	for _, entry := range left {
		if !strings.HasSuffix(entry.Name(), ".part") {
			continue // not ours
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // finished, or removed by another process, meanwhile
		}
		if err != nil {
			return err
		}
		if time.Since(info.ModTime()) < age {
			continue
		}
		if err := d.root.Remove(path.Join(incoming, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close releases the directory. Opened blobs stay readable.
func (d *Dir) Close() error { return d.root.Close() }

// shelf is the directory a blob lies in once committed. Two levels of sixteen
// keep directories small up to millions of works, and few for a handful.
func shelf(name string) string {
	sum := sha256.Sum256([]byte(name))
	digits := hex.EncodeToString(sum[:1])
	return digits[:1] + "/" + digits[1:]
}

// Open implements Blobs.
func (d *Dir) Open(ctx context.Context, name string) (Blob, error) {
	if err := CheckName(ctx, name); err != nil {
		return nil, err
	}
	file, err := d.root.Open(path.Join(shelf(name), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &gallery.Error{Code: gallery.NotFound, Message: "There is no such file in the vault.", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open blob %s: %w", name, err)
	}
	return &dirBlob{File: file, size: info.Size()}, nil
}

// dirBlob is an open file and its length when it was opened; committed files
// never change.
type dirBlob struct {
	*os.File
	size int64
}

func (b *dirBlob) Size() int64 { return b.size }

// Remove implements Blobs.
func (d *Dir) Remove(ctx context.Context, name string) error {
	if err := CheckName(ctx, name); err != nil {
		return err
	}
	err := d.root.Remove(path.Join(shelf(name), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove blob: %w", err)
	}
	// A deleted work must not come back after a loss of power.
	return d.sync(shelf(name))
}

// Names implements Blobs.
func (d *Dir) Names(ctx context.Context, each func(name string, modified time.Time) error) error {
	const hexDigits = "0123456789abcdef"
	for i := range 256 {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := hexDigits[i>>4:i>>4+1] + "/" + hexDigits[i&15:i&15+1]
		entries, err := fs.ReadDir(d.root.FS(), at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("list blobs: %w", err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed meanwhile
			}
			if err != nil {
				return fmt.Errorf("list blobs: %w", err)
			}
			if !info.Mode().IsRegular() || !ValidName(entry.Name()) || shelf(entry.Name()) != at {
				continue // not ours
			}
			if err := each(entry.Name(), info.ModTime()); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed wraps an error of writing. That the disk or the quota is full is
// nobody's mistake and passes: Unavailable.
func failed(doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, err)
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) {
			return &gallery.Error{Code: gallery.Unavailable, Message: "The gallery has no room for this work at the moment.", Err: err}
		}
	}
	return err
}
