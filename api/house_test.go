package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

const root = "/api/v1"

// house is a running gallery whose every exchange is held against the
// document.
type house struct {
	*gallerytest.Server
	t testing.TB
}

func open(t testing.TB, change ...func(*node.Config)) *house {
	t.Helper()
	h := &house{t: t, Server: gallerytest.Start(t, gallerytest.Options{Change: func(c *node.Config) {
		for _, f := range change {
			f(c)
		}
	}})}
	if err := document.load(h.URL); err != nil {
		t.Fatalf("load the document: %v", err)
	}
	h.Client.Transport = checked{t, h.Client.Transport}
	return h
}

// admin makes an administrator, as the operator's command does.
func (h *house) admin(name string) *gallerytest.Person {
	h.t.Helper()
	_, err := h.Node.Curator().CreateUser(context.Background(), curator.Registration{
		Username: name, Email: name + "@example.com", Password: gallerytest.Password,
	}, true)
	if err != nil {
		h.t.Fatalf("create an administrator: %v", err)
	}
	return h.Login(h.t, name)
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

// ask sends a request with "Name: value" headers. A body is sent as it is when
// it is text, bytes or a reader, and as JSON else; "Host" is a header as any.
func (h *house) ask(who *gallerytest.Person, method, path string, body any, headers ...string) answer {
	h.t.Helper()
	var content io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	case []byte:
		content = bytes.NewReader(b)
	case *form:
		content, contentType = b.end()
	case io.Reader:
		content = b
	default:
		text, err := json.Marshal(b)
		if err != nil {
			h.t.Fatalf("encode the request: %v", err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, h.URL+path, content)
	if err != nil {
		h.t.Fatal(err)
	}
	if content != nil {
		request.Header.Set("Content-Type", contentType)
	}
	if who != nil && who.Access != "" {
		request.Header.Set("Authorization", "Bearer "+who.Access)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			request.Host = value
		} else {
			request.Header.Set(name, value)
		}
	}
	response, err := h.Client.Do(request)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatalf("%s %s: read the answer: %v", method, path, err)
	}
	return answer{h.t, method + " " + path, response.StatusCode, response.Header, text}
}

// want fails the test unless the status is this one.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d, want %d: %s", a.what, a.status, status, a.body)
	}
	return a
}

// has fails the test unless a header is this one.
func (a answer) has(name, want string) answer {
	a.t.Helper()
	if got := a.header.Get(name); got != want {
		a.t.Errorf("%s: got %s %q, want %q", a.what, name, got, want)
	}
	return a
}

func (a answer) decode(out any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, out); err != nil {
		a.t.Fatalf("%s: decode %s: %v", a.what, a.body, err)
	}
}

// places lists the locations that a problem names.
func (a answer) places() (list []string) {
	a.t.Helper()
	var p struct{ Errors []gallery.FieldError }
	a.decode(&p)
	for _, e := range p.Errors {
		list = append(list, e.Location)
	}
	return list
}

// object reads the answer as a JSON object.
func (a answer) object() map[string]any {
	a.t.Helper()
	var o map[string]any
	a.decode(&o)
	return o
}

type object = map[string]any

// form writes the parts of an upload one by one.
type form struct {
	buffer bytes.Buffer
	*multipart.Writer
}

func newForm() *form {
	f := &form{}
	f.Writer = multipart.NewWriter(&f.buffer)
	return f
}

func (f *form) field(name, value string) *form {
	if err := f.WriteField(name, value); err != nil {
		panic(err) // a buffer takes everything
	}
	return f
}

func (f *form) file(name string, content []byte) *form {
	return f.part(fmt.Sprintf(`form-data; name=%q; filename="../../etc/passwd"`, name), "application/octet-stream", content)
}

func (f *form) part(disposition, contentType string, content []byte) *form {
	part, err := f.CreatePart(map[string][]string{"Content-Disposition": {disposition}, "Content-Type": {contentType}})
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil {
		panic(err)
	}
	return f
}

func (f *form) end() (io.Reader, string) {
	if err := f.Close(); err != nil {
		panic(err)
	}
	return &f.buffer, f.FormDataContentType()
}

// work is a whole upload that waits for a thousand viewers.
func work(content []byte) *form {
	return newForm().field("title", "Dusk").field("reveal_conditions", "["+gallerytest.Views(1000)+"]").file("artwork_file", content)
}

// hang hangs a work and returns its path.
func (h *house) hang(artist *gallerytest.Person, content []byte) (path string) {
	h.t.Helper()
	return h.ask(artist, "POST", root+"/artworks", work(content)).want(201).header.Get("Location")
}

// picture is a small PNG.
func picture() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		panic(err)
	}
	return b.Bytes()
}
