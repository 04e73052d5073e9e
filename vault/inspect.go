package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"invisibleart.example/gallery"
)

// Inspected is a file that is let through while it is looked at: reading from
// it gives its bytes, and ends with an error as soon as one of them is not
// right. It is for one goroutine.
type Inspected struct {
	ContentType string // told by the bytes, one of this package's media types

	field string
	rest  io.Reader
	limit int64 // 0: none
	read  int64
	text  *textCheck // nil for everything but text
	err   error      // once set, for ever
}

// Inspect tells what the file in r is and whether it may hang in the gallery,
// from its beginning, which stays in memory (a few KiB; for pictures up to
// their dimensions, at most [MaxPictureHead]). What only the whole tells — the
// size, whether a text is UTF-8 to its end, and whether markup stands behind
// white space longer than that — is checked while the result is read: up to
// limit bytes (0: any number).
//
// Errors are *gallery.Error: Invalid, which names field, for an empty file, a
// type that is not accepted and a picture beyond [MaxPixels]; TooLarge;
// Malformed for an upload that broke off. Others of r are passed on.
func Inspect(field string, r io.Reader, limit int64) (*Inspected, error) {
	in := &Inspected{field: field, limit: limit}
	// Not io.ReadFull: its word for a short file is that of a multipart reader
	// for an upload that broke off.
	head, err := io.ReadAll(io.LimitReader(r, SniffLen))
	if err != nil {
		return nil, in.fail(err)
	}
	if len(head) == 0 {
		return nil, gallery.InvalidField(field, "must not be empty")
	}
	contentType, ok := Sniff(head)
	if !ok {
		return nil, gallery.InvalidField(field, notAccepted)
	}
	in.ContentType = contentType
	in.rest = io.MultiReader(bytes.NewReader(head), r)
	if IsPicture(contentType) {
		if in.rest, err = checkPixels(field, contentType, in.rest); err != nil {
			return nil, in.fail(err)
		}
	}
	if contentType == Text {
		in.text = &textCheck{}
	}
	return in, nil
}

const notAccepted = "must be a JPEG, PNG, GIF, WebP, MP4, WebM, MP3, Ogg, PDF or UTF-8 plain text file; SVG and HTML are refused"

// Read implements io.Reader.
func (in *Inspected) Read(p []byte) (int, error) {
	if in.err != nil {
		return 0, in.err
	}
	if in.limit > 0 {
		// One byte more than is left tells a file that is too large from one
		// that just fits.
		p = p[:min(int64(len(p)), in.limit-in.read+1)]
	}
	n, err := in.rest.Read(p)
	in.read += int64(n)
	if err != nil && err != io.EOF {
		err = in.fail(err)
	}
	if in.limit > 0 && in.read > in.limit {
		n, err = 0, tooLarge(in.field, in.limit)
	} else if in.text != nil {
		if problem := in.text.next(p[:n], err == io.EOF); problem != "" {
			n, err = 0, gallery.InvalidField(in.field, "%s", problem)
		}
	}
	in.err = err
	return n, err
}

// fail turns an error of the upload into the gallery's.
func (in *Inspected) fail(err error) error {
	if _, ours := errors.AsType[*gallery.Error](err); ours {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &gallery.Error{Code: gallery.Malformed, Message: "The upload broke off before its end.", Err: err}
	}
	return fmt.Errorf("read %s: %w", in.field, err)
}

func tooLarge(field string, limit int64) error {
	size := fmt.Sprintf("%d bytes", limit)
	if limit%(1<<20) == 0 {
		size = fmt.Sprintf("%d MiB", limit>>20)
	} else if limit%(1<<10) == 0 {
		size = fmt.Sprintf("%d KiB", limit>>10)
	}
	return &gallery.Error{
		Code:    gallery.TooLarge,
		Message: fmt.Sprintf("The file is too large: at most %s are accepted.", size),
		Fields:  []gallery.FieldError{{Location: field, Message: "must have at most " + size}},
	}
}
