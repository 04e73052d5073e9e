package web

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"invisibleart.example/gallery"
)

// exhibit is the page of one work.
type exhibit struct {
	work
	Text     string // the content, where it is text and revealed
	TextMore bool   // there is more of it than the page shows
	Mine     bool   // the visitor is its artist, who may look behind the veil
	Present  int64  // visitors who are before it now

	Comments []gallery.Comment
	Older    string // the cursor of the comments before these, "" at the end
	Draft    string // what was typed into the form and not accepted
	Mistakes mistakes
}

// Here counts who is before the work now; "" when that is nobody.
func (e exhibit) Here() string {
	if e.Present == 0 {
		return ""
	}
	return number(e.Present) + " here now"
}

// maxText is how much of a text stands on its page; the rest is a link away.
const maxText = 100 << 10

// artwork shows a work. For somebody who is signed in that is a view; not so
// with HEAD, which shows nothing, nor when the browser only guesses that its
// user might come here.
func (s *site) artwork(w http.ResponseWriter, v *visit) error {
	look := s.Curator.Look
	read := s.Curator.Artwork
	var art gallery.Artwork
	var err error
	if v.Method == http.MethodHead || strings.Contains(v.Header.Get("Sec-Purpose"), "prefetch") {
		art, err = read(v.Context(), v.PathValue("id"))
	} else {
		art, err = look(v.Context(), v.who, v.PathValue("id"))
	}
	if err != nil {
		return err
	}
	return s.exhibit(w, v, http.StatusOK, exhibit{work: workOf(art)})
}

// exhibit completes the page of a work and writes it.
func (s *site) exhibit(w http.ResponseWriter, v *visit, status int, page exhibit) (err error) {
	page.Mine = !v.who.IsAnonymous() && v.who.User.ID == page.Artist.ID
	crowd, err := s.Curator.Crowd(v.Context(), page.Artwork)
	if err != nil {
		return err
	}
	page.Present = crowd.Visitors
	page.Comments, page.Older, err = s.Curator.Comments(v.Context(), page.ID, gallery.Page{Limit: 50, Cursor: v.URL.Query().Get("comments")})
	if err != nil {
		return err
	}
	if page.Kind == "text" && page.IsRevealed() {
		if page.Text, page.TextMore, err = s.text(v, page.ID); err != nil {
			return err
		}
	}
	return s.render(w, v, status, "artwork", page.Title, page)
}

// text reads the beginning of a revealed text, cut between characters.
func (s *site) text(v *visit, id string) (text string, more bool, err error) {
	content, _, err := s.Curator.Content(v.Context(), v.who, id)
	if err != nil {
		return "", false, err
	}
	defer content.Close()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(content, maxText+1))
	if err != nil {
		return "", false, err
	}
	raw := b.Bytes()
	if n <= maxText {
		return string(raw), false, nil
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(raw[end]) {
		end--
	}
	return string(raw[:end]), true, nil
}
