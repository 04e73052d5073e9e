package django

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// errSealed is the end of a content that does not decrypt.
var errSealed = errors.New("it does not decrypt with this encryption key")

// decrypt reads what Django encrypted: a 16-byte IV, and then AES-256 in CBC
// mode with PKCS#7 padding (RFC 5652, section 6.3) under the SHA-256 of the
// ENCRYPTION_KEY. It streams, and holds the last block back until it knows that
// it is the last. Nothing in the format tells a wrong key for sure: of 256
// wrong ones 255 end in errSealed, and then what comes out is noise.
func decrypt(encryptionKey string, sealed io.Reader) (io.Reader, error) {
	key := sha256.Sum256([]byte(encryptionKey))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("use the encryption key: %w", err)
	}
	iv := make([]byte, aes.BlockSize)
	switch _, err := io.ReadFull(sealed, iv); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("%w: it is shorter than its IV", errNoContent)
	case err != nil:
		return nil, err
	}
	return &opened{sealed: sealed, mode: cipher.NewCBCDecrypter(block, iv), buffer: make([]byte, 64<<10)}, nil
}

// opened is the plaintext.
type opened struct {
	sealed io.Reader
	mode   cipher.BlockMode
	buffer []byte
	filled int    // bytes of buffer that are still encrypted
	clear  []byte // what was decrypted last
	plain  []byte // the part of it that was not yet read
	err    error
}

// Read implements io.Reader.
func (o *opened) Read(p []byte) (int, error) {
	for len(o.plain) == 0 {
		if o.err != nil {
			return 0, o.err
		}
		o.next()
	}
	n := copy(p, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

// next decrypts the next blocks but the last of those that were read.
func (o *opened) next() {
	n, err := io.ReadFull(o.sealed, o.buffer[o.filled:])
	o.filled += n
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		o.last()
		return
	case err != nil:
		o.err = err
		return
	}
	whole := o.filled - aes.BlockSize
	o.clear = append(o.clear[:0], o.buffer[:whole]...)
	o.mode.CryptBlocks(o.clear, o.clear)
	o.plain = o.clear
	o.filled = copy(o.buffer, o.buffer[whole:o.filled])
}

// last decrypts the end and takes the padding off.
func (o *opened) last() {
	o.err = io.EOF
	end := o.buffer[:o.filled]
	if len(end) == 0 || len(end)%aes.BlockSize != 0 {
		o.err = fmt.Errorf("%w: its length is no multiple of a block's", errNoContent)
		return
	}
	o.mode.CryptBlocks(end, end)
	pad := int(end[len(end)-1])
	if pad < 1 || pad > aes.BlockSize || !bytes.Equal(end[len(end)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		o.err = errSealed
		return
	}
	o.plain = end[:len(end)-pad]
}
