package gallerytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// House is a running gallery as its visitors know it: an address. Where it runs,
// inside this process or in one of its own, is the business of [Start] and
// [Launch].
type House struct {
	URL    string // without a slash at the end
	Client *http.Client
}

// Password is everybody's password.
const Password = "open the gallery"

// Visit makes a House of an address. Its connections end with the test.
func Visit(t testing.TB, url string) House {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return House{URL: url, Client: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// Person is somebody who uses the gallery over HTTP, signed in or, with an
// empty Access, not. All methods are safe for concurrent use as long as nobody
// writes to the fields.
type Person struct {
	House
	ID, Name, Email string
	Access, Refresh string
}

// Anybody is a visitor who has not signed in.
func (h House) Anybody() *Person { return &Person{House: h} }

// Register makes an account for a visitor; the name must be free.
func (h House) Register(t testing.TB, name string) *Person {
	t.Helper()
	return h.register(t, name, false)
}

// Artist makes an account for an artist.
func (h House) Artist(t testing.TB, name string) *Person {
	t.Helper()
	return h.register(t, name, true)
}

func (h House) register(t testing.TB, name string, artist bool) *Person {
	t.Helper()
	p := &Person{House: h, Name: name, Email: name + "@example.com"}
	var answer signed
	h.Anybody().Do(t, "POST", "/auth/register", object{
		"username": name, "email": p.Email, "password": Password, "is_artist": artist,
	}, http.StatusCreated, &answer)
	p.ID, p.Access, p.Refresh = answer.User.ID, answer.Access, answer.Refresh
	return p
}

// Login signs an account in again and returns the person with a session of its
// own.
func (h House) Login(t testing.TB, name string) *Person {
	t.Helper()
	p := &Person{House: h, Name: name, Email: name + "@example.com"}
	var answer signed
	h.Anybody().Do(t, "POST", "/auth/login", object{"email": p.Email, "password": Password}, http.StatusOK, &answer)
	p.ID, p.Access, p.Refresh = answer.User.ID, answer.Access, answer.Refresh
	return p
}

type signed struct {
	User            struct{ ID string }
	Access, Refresh string
}

type object = map[string]any

// Do sends a JSON body, or none when it is nil, to a path under /api/v1, and
// decodes the answer into out unless that is nil. It ends the test when the
// status is not the wanted one.
func (p *Person) Do(t testing.TB, method, path string, body any, want int, out any) {
	t.Helper()
	got, answer, err := p.Try(method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if got != want {
		t.Fatalf("%s %s: got status %d, want %d: %s", method, path, got, want, answer)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatalf("%s %s: decode %s: %v", method, path, answer, err)
		}
	}
}

// Try is Do for whoever expects anything, a dead server included.
func (p *Person) Try(method, path string, body any) (status int, answer []byte, err error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	return p.Send(method, path, "application/json", content)
}

// Send sends any body to a path under /api/v1.
func (p *Person) Send(method, path, contentType string, body io.Reader) (status int, answer []byte, err error) {
	status, _, answer, err = p.Exchange(method, path, contentType, body)
	return status, answer, err
}

// Exchange is Send with the head of the answer.
func (p *Person) Exchange(method, path, contentType string, body io.Reader) (status int, head http.Header, answer []byte, err error) {
	request, err := http.NewRequest(method, p.URL+"/api/v1"+path, body)
	if err != nil {
		return 0, nil, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	if p.Access != "" {
		request.Header.Set("Authorization", "Bearer "+p.Access)
	}
	response, err := p.Client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, response.Header, answer, err
}
