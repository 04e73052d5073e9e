package problem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/problem"
)

func write(t *testing.T, err error) (*httptest.ResponseRecorder, problem.Document) {
	t.Helper()
	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequest("GET", "/x", nil), err, nil)
	var d problem.Document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatalf("the body %q is not JSON: %v", w.Body, err)
	}
	return w, d
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range map[gallery.Code]int{
		gallery.Malformed: 400, gallery.Unauthorized: 401, gallery.Forbidden: 403, gallery.NotFound: 404, gallery.Conflict: 409,
		gallery.TooLarge: 413, gallery.Invalid: 422, gallery.TooMany: 429, gallery.Internal: 500, gallery.Unavailable: 503,
	} {
		t.Run(string(code), func(t *testing.T) {
			w, d := write(t, fmt.Errorf("hang a work: %w", gallery.Errorf(code, "words")))
			if w.Code != want || d.Status != want {
				t.Errorf("got status %d and %d in the body, want %d", w.Code, d.Status, want)
			}
			if got := w.Header().Get("Content-Type"); got != problem.ContentType {
				t.Errorf("got type %q, want %q", got, problem.ContentType)
			}
			if d.Title == "" || d.Detail == "" || !strings.HasPrefix(d.Type, "/docs#problem-") {
				t.Errorf("got %+v, want every field said", d)
			}
			if got, want := w.Header().Get("Cache-Control"), "no-store"; got != want {
				t.Errorf("got Cache-Control %q, want %q", got, want)
			}
		})
	}
}

func TestPlacesAreNamed(t *testing.T) {
	_, d := write(t, gallery.InvalidField("title", "must not be empty"))
	want := []gallery.FieldError{{Location: "title", Message: "must not be empty"}}
	if diff := cmp.Diff(want, d.Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestUnknownErrorsStayInTheLog(t *testing.T) {
	var log bytes.Buffer
	for _, err := range []error{
		errors.New("disk sda1 burns"),
		&gallery.Error{Code: gallery.Internal, Message: "disk sda1 burns"},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		problem.Write(w, httptest.NewRequest("GET", "/x?token=secret", nil), err, slog.New(slog.NewTextHandler(&log, nil)))
		if w.Code != 500 || strings.Contains(w.Body.String(), "sda1") {
			t.Errorf("got %d %s, want 500 without the error's text", w.Code, w.Body)
		}
		if got := strings.Count(log.String(), "sda1"); got != 1 {
			t.Errorf("the log has the error %d times, want once: %s", got, &log)
		}
		if strings.Contains(log.String(), "secret") {
			t.Errorf("the log has the query: %s", &log)
		}
	}
}

func TestWhyItCannotBeServedStandsInTheLog(t *testing.T) {
	var log bytes.Buffer
	full := &gallery.Error{Code: gallery.Unavailable, Message: "No room.", Err: errors.New("disk sda1 is full")}
	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequest("GET", "/x?token=secret", nil), full, slog.New(slog.NewTextHandler(&log, nil)))
	if w.Code != 503 || strings.Contains(w.Body.String(), "sda1") {
		t.Errorf("got %d %s, want 503 without the cause", w.Code, w.Body)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "sda1") || strings.Contains(got, "secret") {
		t.Errorf("got log %q, want one warning with the cause and without the query", got)
	}
	log.Reset()
	for _, err := range []error{gallery.Errorf(gallery.Unavailable, "Going away."), gallery.Errorf(gallery.NotFound, "Gone.")} {
		problem.Write(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil), err, slog.New(slog.NewTextHandler(&log, nil)))
	}
	if log.Len() > 0 {
		t.Errorf("logged %s, want nothing where there is no cause", &log)
	}
}

func TestAClientThatIsGoneIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest("GET", "/x", nil).WithContext(ctx)
	problem.Write(httptest.NewRecorder(), r, fmt.Errorf("read: %w", context.Canceled), slog.New(slog.NewTextHandler(&log, nil)))
	if log.Len() > 0 {
		t.Errorf("logged %s, want nothing", &log)
	}
}

func TestCausesAreNotShown(t *testing.T) {
	e := gallery.Errorf(gallery.Unauthorized, "The token does not hold.")
	e.Err = errors.New("signature of key 2 differs")
	w, d := write(t, e)
	if strings.Contains(w.Body.String(), "signature") || d.Detail != "The token does not hold." {
		t.Errorf("got %s, want the message without its cause", w.Body)
	}
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("got WWW-Authenticate %q, want Bearer", got)
	}
}

func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		wait time.Duration
		want string
	}{{0, "1"}, {time.Millisecond, "1"}, {time.Second, "1"}, {1001 * time.Millisecond, "2"}, {time.Minute, "60"}} {
		for _, code := range []gallery.Code{gallery.TooMany, gallery.Unavailable} {
			w, _ := write(t, &gallery.Error{Code: code, Message: "later", RetryAfter: test.wait})
			if got := w.Header().Get("Retry-After"); got != test.want {
				t.Errorf("%s after %v: got Retry-After %q, want %q", code, test.wait, got, test.want)
			}
		}
	}
	w, _ := write(t, gallery.Errorf(gallery.NotFound, "gone"))
	if got := w.Header().Get("Retry-After"); got != "" {
		t.Errorf("a 404 says Retry-After %q, want none", got)
	}
}

func TestAStatusOfHTTPAlone(t *testing.T) {
	w, d := write(t, fmt.Errorf("read the body: %w", problem.Errorf(http.StatusUnsupportedMediaType, "Send %s.", "JSON")))
	if w.Code != 415 || d.Detail != "Send JSON." || d.Type != "/docs#problem-unsupported-media-type" {
		t.Errorf("got %d %+v, want 415 with its kind and detail", w.Code, d)
	}
	w = httptest.NewRecorder()
	problem.WriteStatus(w, httptest.NewRequest("PUT", "/x", nil), http.StatusMethodNotAllowed, "")
	if w.Code != 405 || !strings.Contains(w.Body.String(), "Allow header") {
		t.Errorf("got %d %s, want 405 with the general meaning", w.Code, w.Body)
	}
}

func TestHeadersOfAnotherBodyAreTakenBack(t *testing.T) {
	w := httptest.NewRecorder()
	for _, name := range []string{"Content-Length", "Content-Disposition", "ETag", "Last-Modified", "Content-Range"} {
		w.Header().Set(name, "x")
	}
	problem.Write(w, httptest.NewRequest("GET", "/x", nil), errors.New("no"), nil)
	for _, name := range []string{"Content-Length", "Content-Disposition", "ETag", "Last-Modified", "Content-Range"} {
		if got := w.Header().Get(name); got != "" {
			t.Errorf("got %s %q, want none", name, got)
		}
	}
}

func TestKindsAreDistinct(t *testing.T) {
	slugs, statuses := map[string]bool{}, map[int]bool{}
	for _, k := range problem.Kinds() {
		if slugs[k.Slug] || statuses[k.Status] {
			t.Errorf("%s (%d) is listed twice", k.Slug, k.Status)
		}
		slugs[k.Slug], statuses[k.Status] = true, true
		if problem.Status(problem.Errorf(k.Status, "")) != k.Status {
			t.Errorf("%s: the status %d does not survive its error", k.Slug, k.Status)
		}
	}
}
