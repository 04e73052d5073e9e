package gallerytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// Work is what an artist hands in. The zero value is a short text that reveals
// at a thousand views.
type Work struct {
	Title      string // "Untitled" when empty
	Content    []byte // a line of text when nil
	Conditions string // the JSON list; see Views, Comments and At
	When       string // "any" or "all", any when empty
}

// Views, Comments and At are conditions in the form of the API.
func Views(count int) string {
	return fmt.Sprintf(`{"condition_type":"view_count","condition_value":{"count":%d}}`, count)
}

// Comments is the condition that so many comments stand.
func Comments(count int) string {
	return fmt.Sprintf(`{"condition_type":"interactive","condition_value":{"comment_count":%d}}`, count)
}

// At is the condition that the instant has come.
func At(instant time.Time) string {
	return fmt.Sprintf(`{"condition_type":"time","condition_value":{"reveal_at":%q}}`, instant.UTC().Format(time.RFC3339Nano))
}

// Artwork is the part of the API's artwork that the tests look at.
type Artwork struct {
	ID           string
	Title        string
	IsRevealed   bool       `json:"is_revealed"`
	RevealedAt   *time.Time `json:"revealed_at"`
	ViewCount    int64      `json:"view_count"`
	CommentCount int64      `json:"comment_count"`
	Conditions   []struct {
		IsMet    bool `json:"is_met"`
		Progress struct{ Current, Target int64 }
	} `json:"reveal_conditions"`
}

// Comment is the part of the API's comment that the tests look at.
type Comment struct {
	ID      string
	Content string
}

// Hang hands a work in and returns it as it hangs.
func (p *Person) Hang(t testing.TB, w Work) Artwork {
	t.Helper()
	body, contentType := w.Form(t)
	status, answer, err := p.Send("POST", "/artworks", contentType, body)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("hang %q: got status %d (%v), want 201: %s", w.Title, status, err, answer)
	}
	var a Artwork
	decode(t, answer, &a)
	return a
}

// Form is the work as the multipart form that POST /artworks takes.
func (w Work) Form(t testing.TB) (body *bytes.Buffer, contentType string) {
	t.Helper()
	if w.Title == "" {
		w.Title = "Untitled"
	}
	if w.Content == nil {
		w.Content = []byte("What nobody has seen.\n")
	}
	if w.Conditions == "" {
		w.Conditions = Views(1000)
	}
	if w.Conditions[0] != '[' {
		w.Conditions = "[" + w.Conditions + "]"
	}
	if w.When == "" {
		w.When = "any"
	}
	body = new(bytes.Buffer)
	form := multipart.NewWriter(body)
	for _, field := range [][2]string{{"title", w.Title}, {"reveal_conditions", w.Conditions}, {"reveal_when", w.When}} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			t.Fatalf("write the form: %v", err)
		}
	}
	file, err := form.CreateFormFile("artwork_file", "work")
	if err == nil {
		_, err = file.Write(w.Content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatalf("write the form: %v", err)
	}
	return body, form.FormDataContentType()
}

// Look asks for an artwork; for somebody signed in that is a view.
func (p *Person) Look(t testing.TB, id string) Artwork {
	t.Helper()
	var a Artwork
	p.Do(t, "GET", "/artworks/"+id, nil, http.StatusOK, &a)
	return a
}

// Comment says something about an artwork.
func (p *Person) Comment(t testing.TB, artworkID, text string) Comment {
	t.Helper()
	var c Comment
	p.Do(t, "POST", "/artworks/"+artworkID+"/comments", object{"content": text}, http.StatusCreated, &c)
	return c
}

// Reveal reveals an artwork by hand.
func (p *Person) Reveal(t testing.TB, id string) Artwork {
	t.Helper()
	var a Artwork
	p.Do(t, "POST", "/artworks/"+id+"/reveal", nil, http.StatusOK, &a)
	return a
}

// Comments lists everything said about an artwork, page by page.
func (p *Person) Comments(t testing.TB, artworkID string) []Comment {
	t.Helper()
	var all []Comment
	cursor := ""
	for {
		var page struct {
			Results []Comment
			Next    *string
		}
		p.Do(t, "GET", "/artworks/"+artworkID+"/comments?limit=100"+cursor, nil, http.StatusOK, &page)
		all = append(all, page.Results...)
		if page.Next == nil {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// Content asks for what hangs behind the veil.
func (p *Person) Content(t testing.TB, id string) (status int, content []byte) {
	t.Helper()
	status, content, err := p.Send("GET", "/artworks/"+id+"/content", "", nil)
	if err != nil {
		t.Fatalf("get the content of %s: %v", id, err)
	}
	return status, content
}

func decode(t testing.TB, text []byte, out any) {
	t.Helper()
	if err := json.Unmarshal(text, out); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
}
