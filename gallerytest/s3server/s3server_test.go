package s3server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"invisibleart.example/gallery/gallerytest/s3server"
)

// client is another way to the store than the gallery's: the library's own.
func client(t *testing.T, server *s3server.Server, secret string, trailers bool, spoil func(*http.Request)) *minio.Core {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: server.TLS()}
	t.Cleanup(transport.CloseIdleConnections)
	core, err := minio.NewCore(strings.SplitAfter(server.Endpoint(), "//")[1], &minio.Options{
		Creds: credentials.NewStaticV4(server.AccessKey, secret, ""), Region: server.Region, MaxRetries: 1,
		Secure: server.TLS() != nil, TrailingHeaders: trailers, Transport: spoiler{transport, spoil},
	})
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// spoiler changes requests after they were signed.
type spoiler struct {
	http.RoundTripper
	spoil func(*http.Request)
}

func (s spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.spoil != nil {
		r = r.Clone(r.Context())
		s.spoil(r)
	}
	return s.RoundTripper.RoundTrip(r)
}

// flip changes one byte in the middle of the body.
func flip(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 {
		return
	}
	body[len(body)/2] ^= 1
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// TestSignatures sends a body in every way that the library signs one, as it is
// and spoilt.
func TestSignatures(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *s3server.Server{"http": s3server.Start, "https": s3server.StartTLS} {
		for _, trailers := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, trailers %v", name, trailers), func(t *testing.T) {
				server := start(t)
				content := bytes.Repeat([]byte("0123456789"), 30_000)
				send := func(key, secret string, spoil func(*http.Request)) error {
					var o minio.PutObjectOptions
					if trailers {
						o.Checksum = minio.ChecksumCRC32C
					}
					_, err := client(t, server, secret, trailers, spoil).Client.PutObject(t.Context(), server.Bucket, key, bytes.NewReader(content), int64(len(content)), o)
					return err
				}
				if err := send("good", server.SecretKey, nil); err != nil {
					t.Errorf("as it is: %v", err)
				}
				payload := server.Requests()[0].Payload
				if trailers != strings.HasSuffix(payload, "-TRAILER") {
					t.Errorf("sent as %s, want a trailer: %v", payload, trailers)
				}
				for _, test := range []struct {
					name, secret, want string
					spoil              func(*http.Request)
				}{
					{"another secret", "another", "SignatureDoesNotMatch", nil},
					{"another key", server.SecretKey, "SignatureDoesNotMatch", func(r *http.Request) { r.URL.Path += "x" }},
					{"another query", server.SecretKey, "SignatureDoesNotMatch", func(r *http.Request) { r.URL.RawQuery = "uploadId=x" }},
					{"another date", server.SecretKey, "SignatureDoesNotMatch", func(r *http.Request) {
						date := []byte(r.Header.Get("X-Amz-Date"))
						date[len(date)-2] ^= 1
						r.Header.Set("X-Amz-Date", string(date))
					}},
					{"an old date", server.SecretKey, "RequestTimeTooSkewed", func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }},
					{"a header that is not signed", server.SecretKey, "AccessDenied", func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") }},
					{"no signature", server.SecretKey, "AccessDenied", func(r *http.Request) { r.Header.Del("Authorization") }},
				} {
					if code := minio.ToErrorResponse(send("bad", test.secret, test.spoil)).Code; code != test.want {
						t.Errorf("%s: got %q, want %q", test.name, code, test.want)
					}
				}
				// Over https the library leaves the body to TLS, unless it has a sum.
				if err := send("bad", server.SecretKey, flip); err == nil && payload != "UNSIGNED-PAYLOAD" {
					t.Error("a flipped bit in the body: got nil, want an error")
				}
				if _, err := client(t, server, server.SecretKey, trailers, nil).StatObject(t.Context(), server.Bucket, "good", minio.StatObjectOptions{}); err != nil {
					t.Errorf("stat: %v", err)
				}
			})
		}
	}
}

// TestSums sends a body over https with its checksum, as the gallery does.
func TestSums(t *testing.T) {
	server := s3server.StartTLS(t)
	content := []byte("a sealed work")
	const sum = "0000000000000000000000000000000000000000000000000000000000000000"
	_, err := client(t, server, server.SecretKey, false, nil).PutObject(t.Context(), server.Bucket, "bad", bytes.NewReader(content), int64(len(content)), "", sum, minio.PutObjectOptions{})
	if err == nil || len(server.Keys()) > 0 {
		t.Errorf("a wrong sum: got %v and %v stored, want an error and nothing", err, server.Keys())
	}
}

// TestMultipart holds the rules of uploads in parts that a client may break.
func TestMultipart(t *testing.T) {
	server := s3server.Start(t)
	core := client(t, server, server.SecretKey, false, nil)
	ctx := t.Context()
	id, err := core.NewMultipartUpload(ctx, server.Bucket, "work", minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var parts []minio.CompletePart
	for i, size := range []int{5 << 20, 100, 7} {
		part, err := core.PutObjectPart(ctx, server.Bucket, "work", id, i+1, bytes.NewReader(make([]byte, size)), int64(size), minio.PutObjectPartOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag})
	}
	for name, test := range map[string]struct {
		id, want string
		parts    []minio.CompletePart
	}{
		"a small part in the middle": {id, "EntityTooSmall", parts},
		"another order":              {id, "InvalidPartOrder", []minio.CompletePart{parts[0], parts[0]}},
		"another tag":                {id, "InvalidPart", []minio.CompletePart{{PartNumber: 1, ETag: parts[1].ETag}}},
		"another upload":             {"x", "NoSuchUpload", parts},
	} {
		_, err := core.CompleteMultipartUpload(ctx, server.Bucket, "work", test.id, test.parts, minio.PutObjectOptions{})
		if code := minio.ToErrorResponse(err).Code; code != test.want {
			t.Errorf("%s: got %q, want %q", name, code, test.want)
		}
	}
	if len(server.Keys()) > 0 || server.Uploads() != 1 {
		t.Errorf("the store holds %v and %d uploads, want the unfinished one", server.Keys(), server.Uploads())
	}
}
