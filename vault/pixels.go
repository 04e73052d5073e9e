package vault

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"invisibleart.example/gallery"
)

// MaxPixels is how many pixels a picture may have: 100 megapixels. A file of a
// few KiB can ask whoever decodes it for gigabytes.
const MaxPixels = 100_000_000

// MaxPictureHead is how far into a picture its dimensions are looked for, in
// bytes: JPEG lets metadata come first.
const MaxPictureHead = 4 << 20

// checkPixels reads a picture up to its dimensions and returns a reader of the
// whole. Nothing is decoded but the header.
func checkPixels(field, contentType string, r io.Reader) (whole io.Reader, err error) {
	var head bytes.Buffer
	broken := &sourceError{r: r}
	config, err := pictureConfig(contentType, io.TeeReader(io.LimitReader(broken, MaxPictureHead), &head))
	switch {
	case broken.err != nil:
		return nil, broken.err // the upload's fault, not the picture's
	case err != nil:
		return nil, gallery.InvalidField(field, "is not a picture that can be shown: its dimensions cannot be read")
	case config.Width <= 0 || config.Height <= 0:
		return nil, gallery.InvalidField(field, "is a picture without pixels")
	case int64(config.Width) > MaxPixels/int64(config.Height):
		return nil, gallery.InvalidField(field, "is a picture of %d × %d pixels, more than %d megapixels",
			config.Width, config.Height, MaxPixels/1_000_000)
	}
	return io.MultiReader(&head, r), nil
}

func pictureConfig(contentType string, r io.Reader) (image.Config, error) {
	switch contentType {
	case JPEG:
		return jpeg.DecodeConfig(r)
	case PNG:
		return png.DecodeConfig(r)
	case GIF:
		return gif.DecodeConfig(r)
	case WebP:
		return webp.DecodeConfig(r)
	}
	return image.Config{}, errors.New("not a picture")
}

// sourceError remembers an error of reading, which decoders disguise.
type sourceError struct {
	r   io.Reader
	err error
}

func (s *sourceError) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
