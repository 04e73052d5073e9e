package s3server

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// body reads the body of a request and checks it the way its head announces.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
func (p proof) body(r *http.Request) (body []byte, err error) {
	switch p.payload {
	case "UNSIGNED-PAYLOAD":
		if r.TLS == nil {
			return nil, errors.New("an unsigned payload over http")
		}
		body, err = io.ReadAll(r.Body)
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		body, err = p.chunks(r)
	default:
		if body, err = io.ReadAll(r.Body); err == nil && sum(body) != p.payload {
			err = errors.New("the payload's checksum does not match")
		}
	}
	if err != nil {
		return nil, err
	}
	if want := r.Header.Get("Content-Md5"); want != "" {
		got := md5.Sum(body)
		if base64.StdEncoding.EncodeToString(got[:]) != want {
			return nil, errors.New("Content-MD5 does not match")
		}
	}
	return body, nil
}

// chunks decodes Content-Encoding: aws-chunked. Every chunk signs the one before
// it, so none can be left out, repeated or moved.
func (p proof) chunks(r *http.Request) ([]byte, error) {
	signed := strings.HasPrefix(p.payload, "STREAMING-AWS4")
	trailer := strings.HasSuffix(p.payload, "-TRAILER")
	in := bufio.NewReader(r.Body)
	var body []byte
	for last := p.signature; ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read a chunk's head: %w", err)
		}
		size, signature, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ";chunk-signature=")
		n, err := strconv.ParseUint(size, 16, 31)
		if err != nil {
			return nil, fmt.Errorf("a chunk's length: %w", err)
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, fmt.Errorf("read a chunk: %w", err)
		}
		if signed {
			want := p.sign("AWS4-HMAC-SHA256-PAYLOAD", last, sum(nil), sum(chunk))
			if signature != want {
				return nil, errors.New("a chunk's signature does not match")
			}
			last = signature
		}
		body = append(body, chunk...)
		if n > 0 || !trailer {
			if end, err := in.ReadString('\n'); err != nil || end != "\r\n" {
				return nil, fmt.Errorf("a chunk ends with %q, %v", end, err)
			}
		}
		if n > 0 {
			continue
		}
		if trailer {
			if err := p.trailer(r, in, signed, last, body); err != nil {
				return nil, err
			}
		}
		break
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); signed && want != strconv.Itoa(len(body)) {
		return nil, fmt.Errorf("%d bytes decoded, %s announced", len(body), want)
	}
	return body, nil
}

// trailer checks the one trailer that is understood, a CRC-32C of the body, and
// its signature.
func (p proof) trailer(r *http.Request, in *bufio.Reader, signed bool, last string, body []byte) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the trailer: %w", err)
	}
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	name, value, _ := strings.Cut(string(line), ":")
	crc := binary.BigEndian.AppendUint32(nil, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	if name != "x-amz-checksum-crc32c" || r.Header.Get("X-Amz-Trailer") != name || value != base64.StdEncoding.EncodeToString(crc) {
		return fmt.Errorf("the trailer %q, announced as %q, does not match", line, r.Header.Get("X-Amz-Trailer"))
	}
	if !signed {
		return nil
	}
	want := p.sign("AWS4-HMAC-SHA256-TRAILER", last, sum(append(line, '\n')))
	if got := strings.TrimSpace(string(rest)); got != "x-amz-trailer-signature:"+want {
		return errors.New("the trailer's signature does not match")
	}
	return nil
}
