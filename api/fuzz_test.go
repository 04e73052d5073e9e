package api_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzMultipart hands the reader of uploads whatever there is: the answer is
// one of those that are documented, never a panic or a 500, and only a work
// that hangs leaves something in the vault.
func FuzzMultipart(f *testing.F) {
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	whole := part("title", "Dusk") + part("reveal_conditions", `[{"condition_type":"view_count","condition_value":{"count":5}}]`) + part("artwork_file", "words") + "--x--\r\n"
	for _, seed := range []string{
		whole, whole[:len(whole)/2], strings.ReplaceAll(whole, "\r\n", "\n"), "--x--", "--x", "",
		part("artwork_file", "a") + part("artwork_file", "b") + "--x--", part("", "") + "--x--", part("is_revealed", "true") + "--x--",
		part("placeholder_image", string(picture())) + "--x--", part("title", "\xff\x00") + "--x--",
		"--x\r\nContent-Disposition: form-data; name*=utf-8''titl%65\r\n\r\n\r\n--x--", "--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x--",
		part("reveal_conditions", `[{"condition_type":"time","condition_value":{"reveal_at":"2999-12-31T23:59:60Z"}}]`) + "--x--",
	} {
		f.Add([]byte(seed))
	}
	w := wire(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := len(w.blobs(t))
		r := httptest.NewRequest("POST", "/api/v1/artworks", bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Authorization", "Bearer "+w.artist.Access)
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		if !slices.Contains([]int{201, 400, 413, 422}, answer.Code) {
			t.Errorf("got %d: %s", answer.Code, answer.Body)
		}
		if !json.Valid(answer.Body.Bytes()) || !utf8.Valid(answer.Body.Bytes()) {
			t.Errorf("got %q, want JSON", answer.Body)
		}
		if after := len(w.blobs(t)); answer.Code != 201 && after != before {
			t.Errorf("refused with %d, and %d files became %d", answer.Code, before, after)
		}
	})
}

// FuzzJSON hands the reader of bodies whatever there is, conditions among it.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[1]`, `"x"`, `null`, strings.Repeat("[", 1000), `{"a":{"a":{"a":1}},"a":2}`, `{"content":"\ud83d\udc4f"}`, `{"content":"\ud83d"}`, `{"\u0063ontent":"x"}`, "{\"content\":\"\xff\"}",
		`{"reveal_conditions":[{"condition_type":"interactive","condition_value":{"comment_count":3}}],"reveal_when":"all"}`,
		`{"reveal_conditions":[{"condition_type":"time","condition_value":{"reveal_at":"2999-01-01T00:00:00+14:00"}}]}`,
		`{"reveal_conditions":[{"condition_type":"view_count","condition_value":{"count":1e400}}]}`,
		`{"title":"` + "\u0000" + `"}`, `{"title":"\u0000"}`, `{"\\u":1}`, `{"a":"\\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	w := wire(f)
	form, contentType := work(picture()).end()
	hang := httptest.NewRequest("POST", "/api/v1/artworks", form)
	hang.Header.Set("Content-Type", contentType)
	hang.Header.Set("Authorization", "Bearer "+w.artist.Access)
	hung := httptest.NewRecorder()
	w.ServeHTTP(hung, hang)
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("PATCH", hung.Header().Get("Location"), bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+w.artist.Access)
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		if !slices.Contains([]int{200, 400, 409, 413, 422}, answer.Code) || !json.Valid(answer.Body.Bytes()) {
			t.Errorf("got %d: %s", answer.Code, answer.Body)
		}
		if answer.Code == 200 && (!utf8.Valid(body) || !json.Valid(body)) {
			t.Errorf("%q was read", body)
		}
	})
}
