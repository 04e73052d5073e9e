package django

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// contentOf opens the encrypted content of an artwork, in any of the forms that
// its column may hold: the bytes themselves (BinaryField), their base64 in
// either alphabet, or, when there is a media root, the name of a file in it
// (FileField). The reader gives IV and ciphertext. Errors that wrap
// errNoContent are the row's fault.
func (g *Gallery) contentOf(ctx context.Context, id string, media *os.Root) (io.ReadCloser, error) {
	sealed := &column{ctx: ctx, g: g, id: id}
	kind := "typeof(encrypted_content)"
	if g.typed {
		kind = "CASE WHEN encrypted_content IS NULL THEN 'null' ELSE CAST(pg_typeof(encrypted_content) AS text) END"
	}
	length := "LENGTH(encrypted_content)"
	var size int64
	err := g.each(ctx, "SELECT "+kind+", COALESCE("+length+", 0) FROM artworks_artwork WHERE id = "+g.param("artworks_artwork", "id"),
		[]any{id}, 2, func(row []string) error {
			kind = row[0]
			_, err := fmt.Sscan(row[1], &size)
			return err
		})
	switch {
	case err != nil:
		return nil, err
	case kind == "null" || size == 0:
		return nil, fmt.Errorf("%w: it is empty", errNoContent)
	case kind == "blob" || kind == "bytea":
		return io.NopCloser(sealed), nil
	}
	return textual(sealed, size, media)
}

// errNoContent is the beginning of every reason for which the column of a
// content cannot be read.
var errNoContent = errors.New("no content")

// maxName is more than the name of any file has.
const maxName = 1024

var base64Form = regexp.MustCompile(`^[A-Za-z0-9+/_\-\s]+={0,2}\s*$`)

// textual opens a content whose column holds text.
func textual(sealed *column, size int64, media *os.Root) (io.ReadCloser, error) {
	if size <= maxName && media != nil {
		name, err := io.ReadAll(sealed)
		if err != nil {
			return nil, err
		}
		sealed.rewind()
		if file, err := openFileIn(media, string(name)); err == nil {
			return file, nil
		}
	}
	head := make([]byte, min(size, 4096))
	if _, err := io.ReadFull(sealed, head); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	sealed.rewind()
	if !base64Form.Match(head) {
		if media == nil {
			return nil, fmt.Errorf("%w: its column holds a text that is no base64, perhaps the name of a file: where is the media root?", errNoContent)
		}
		return nil, fmt.Errorf("%w: its column holds a text that is neither base64 nor a file in the media root", errNoContent)
	}
	return io.NopCloser(&badBase64{base64.NewDecoder(base64.RawStdEncoding, &plainAlphabet{sealed})}), nil
}

// openFileIn opens a regular file in the media root. os.Root keeps a name that
// climbs out of it, and a link that does, from reading anything else.
func openFileIn(media *os.Root, name string) (*os.File, error) {
	file, err := media.Open(strings.TrimPrefix(name, "/"))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// plainAlphabet turns the URL-safe alphabet of base64 into the standard one,
// and drops the padding and white space.
type plainAlphabet struct{ r io.Reader }

func (p *plainAlphabet) Read(b []byte) (int, error) {
	for {
		n, err := p.r.Read(b)
		kept := 0
		for _, c := range b[:n] {
			switch c {
			case '-':
				c = '+'
			case '_':
				c = '/'
			case '=', ' ', '\t', '\r', '\n':
				continue
			}
			b[kept] = c
			kept++
		}
		if kept > 0 || err != nil || len(b) == 0 {
			return kept, err
		}
	}
}

// badBase64 makes what is wrong with the encoding the row's fault.
type badBase64 struct{ r io.Reader }

func (b *badBase64) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if _, corrupt := errors.AsType[base64.CorruptInputError](err); corrupt {
		err = fmt.Errorf("%w: its column holds damaged base64", errNoContent)
	}
	return n, err
}

// sliceSize is how much of a content is in the memory at once. SQLite reads the
// whole value for each slice, so they should be few.
const sliceSize = 4 << 20

// column reads a content piece by piece, so that no work has to fit into the
// memory.
type column struct {
	ctx   context.Context
	g     *Gallery
	id    string
	next  int64 // how much was fetched
	piece []byte
	ended bool
}

func (s *column) rewind() { s.next, s.piece, s.ended = 0, nil, false }

// Read implements io.Reader.
func (s *column) Read(p []byte) (int, error) {
	for len(s.piece) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		if err := s.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.piece)
	s.piece = s.piece[n:]
	return n, nil
}

func (s *column) fetch() error {
	query := fmt.Sprintf("SELECT substr(encrypted_content, %d, %d) FROM artworks_artwork WHERE id = %s",
		s.next+1, sliceSize, s.g.param("artworks_artwork", "id"))
	if err := s.g.tx.QueryRowContext(s.ctx, query, s.id).Scan(&s.piece); err != nil {
		return fmt.Errorf("read the old database: %w", err)
	}
	s.next += sliceSize
	s.ended = len(s.piece) < sliceSize
	return nil
}
