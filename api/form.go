package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/curator"
)

const (
	maxText     = 64 << 10 // bytes of a text part
	maxPartHead = 16 << 10 // bytes between two parts: a boundary and the headers of the next
)

// texts are the parts of an upload that are text.
var texts = []string{"title", "description", "alt_text", "reveal_conditions", "reveal_when"}

// form reads the parts of an upload in whatever order they come. The work goes
// to seal as it arrives; nothing is kept of it, least of all in a temporary
// file. What is wrong is collected in problems; read fails only when reading on
// is impossible or pointless.
type form struct {
	seal        func(content io.Reader) (*curator.Upload, error)
	seen        map[string]bool
	texts       map[string]string
	upload      *curator.Upload
	placeholder []byte
	problems    []gallery.FieldError
}

func newForm(seal func(io.Reader) (*curator.Upload, error)) *form {
	return &form{seal: seal, seen: map[string]bool{}, texts: map[string]string{}}
}

func (f *form) wrong(location, message string) {
	f.problems = append(f.problems, gallery.FieldError{Location: location, Message: message})
}

// discard throws away what was sealed and not hung.
func (f *form) discard() {
	if f.upload != nil {
		f.upload.Discard()
	}
}

// read reads all parts of the body.
func (f *form) read(contentType string, body io.Reader) error {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return gallery.Errorf(gallery.Malformed, "The Content-Type names no boundary.")
	}
	between := &betweenReader{Reader: io.MultiReader(body, strings.NewReader("\r\n"), truncated{})}
	parts := multipart.NewReader(between, params["boundary"])
	for {
		between.start()
		part, err := parts.NextRawPart() // raw: nobody encodes parts in transfer any more (RFC 7578, section 4.7)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bodyError(err)
		}
		between.stop()
		if err := f.part(part.FormName(), part); err != nil {
			return err
		}
	}
}

func (f *form) part(name string, content io.Reader) error {
	again := f.seen[name]
	f.seen[name] = true
	switch {
	case name == "":
		f.wrong("body", "holds a part without a name")
	case again:
		f.wrong(name, "is given twice")
	case name == "artwork_file":
		return f.work(content)
	case name == "placeholder_image":
		return f.picture(content)
	case slices.Contains(texts, name):
		return f.text(name, content)
	case slices.Contains(ours, name):
		f.wrong(name, "cannot be set")
	default:
		f.wrong(strings.ToValidUTF8(name[:min(len(name), 100)], "�"), "is not known here")
	}
	return f.skip(content)
}

// work has the file sealed.
func (f *form) work(content io.Reader) error {
	tracked := &trackedReader{Reader: content}
	var err error
	f.upload, err = f.seal(tracked)
	if tracked.err != nil {
		return bodyError(tracked.err)
	}
	if refusal, ok := errors.AsType[*gallery.Error](err); ok && refusal.Code == gallery.Invalid {
		f.problems = append(f.problems, refusal.Fields...)
		return f.skip(content)
	}
	return err
}

// picture reads the placeholder, which is small and not secret.
func (f *form) picture(content io.Reader) (err error) {
	f.placeholder, err = io.ReadAll(io.LimitReader(content, curator.MaxPlaceholder+1))
	if err != nil {
		return bodyError(err)
	}
	if len(f.placeholder) > curator.MaxPlaceholder {
		return gallery.Errorf(gallery.TooLarge, "The placeholder_image is larger than %d bytes.", curator.MaxPlaceholder)
	}
	if len(f.placeholder) == 0 {
		f.wrong("placeholder_image", "must not be empty") // nil would mean that there is none
	}
	return nil
}

func (f *form) text(name string, content io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(content, maxText+1))
	if err != nil {
		return bodyError(err)
	}
	if len(text) > maxText {
		f.wrong(name, "is too long")
		return f.skip(content)
	}
	f.texts[name] = string(text)
	return nil
}

// skip reads a little of what nobody wants, for the sake of the parts behind
// it: the answer shall name everything that is wrong. What is longer is not
// worth the wait, and the answer names what is known by then.
func (f *form) skip(content io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(content, maxForm))
	if err != nil {
		return bodyError(err)
	}
	if n == maxForm {
		return refuse(f.problems)
	}
	return nil
}

// truncated stands behind the body's end: whoever reads this far has missed the
// last boundary. The standard library takes an end between two parts for the
// end of all of them.
type truncated struct{}

func (truncated) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// betweenReader bounds what may stand between two parts, of which the standard
// library would keep 10 MB of headers in memory.
type betweenReader struct {
	io.Reader
	bounded bool
	left    int
}

func (b *betweenReader) start() { b.bounded, b.left = true, maxPartHead }
func (b *betweenReader) stop()  { b.bounded = false }

func (b *betweenReader) Read(p []byte) (int, error) {
	if b.bounded && b.left <= 0 {
		return 0, gallery.Errorf(gallery.Malformed, "The headers of a part are too long.")
	}
	n, err := b.Reader.Read(p)
	b.left -= n
	return n, err
}

// trackedReader remembers the error of its reading, to tell it from those of
// the writing.
type trackedReader struct {
	io.Reader
	err error
}

func (t *trackedReader) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}
