package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
)

func TestComments(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	path := h.hang(artist, picture())
	said := h.ask(visitor, "POST", path+"/comments", object{"content": " <i>Hm.</i> \u2028 👏 "}).want(201).object()
	if said["content"] != "<i>Hm.</i> \u2028 👏" || said["user"].(object)["username"] != "visitor" {
		t.Errorf("got %v, want the words as typed but trimmed", said)
	}
	second := h.ask(artist, "POST", path+"/comments", object{"content": "Thank you."}).want(201).object()
	page := h.ask(nil, "GET", path+"/comments?limit=1", nil).want(200).object()
	rest := h.ask(nil, "GET", path+"/comments?cursor="+page["next"].(string), nil).want(200).object()
	got := []any{page["results"].([]any)[0].(object)["id"], rest["results"].([]any)[0].(object)["id"], rest["next"]}
	if !slices.Equal(got, []any{second["id"], said["id"], nil}) {
		t.Errorf("got %v, want the newest first, page by page", got)
	}
	if count := h.ask(nil, "GET", path, nil).object()["comment_count"]; count != 2.0 {
		t.Errorf("got %v comments, want 2", count)
	}
	for _, wrong := range []any{"", "  \n ", nil, 1, strings.Repeat("x", 2001), "a\x00b", []string{"x"}} {
		if places := h.ask(visitor, "POST", path+"/comments", object{"content": wrong}).want(422).places(); !slices.Equal(places, []string{"content"}) {
			t.Errorf("%q: got places %v", wrong, places)
		}
	}
	h.ask(visitor, "POST", path+"/comments", object{"content": strings.Repeat("é", 2000)}).want(201)
	h.ask(visitor, "POST", root+"/artworks/"+nowhere+"/comments", object{"content": "Hm."}).want(404)
	h.ask(nil, "GET", root+"/artworks/"+nowhere+"/comments", nil).want(404)
}

func TestTheThirdCommentReveals(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	form := newForm().field("title", "Dusk").field("reveal_conditions", "["+gallerytest.Comments(3)+"]").file("artwork_file", picture())
	path := h.ask(artist, "POST", root+"/artworks", form).want(201).header.Get("Location")
	for i, want := range []bool{false, false, true} {
		h.ask(visitor, "POST", path+"/comments", object{"content": "Hm."}).want(201)
		got := h.ask(nil, "GET", path, nil).object()
		progress := got["reveal_conditions"].([]any)[0].(object)["progress"].(object)
		if got["is_revealed"] != want || progress["current"] != float64(i+1) || progress["target"] != 3.0 {
			t.Errorf("after comment %d: got %v, want revealed %v", i+1, got, want)
		}
	}
}

func TestCommentsAreLimited(t *testing.T) {
	h := open(t, func(c *node.Config) { c.Limits.CommentsByUser = ratelimit.Rule{Burst: 1, Every: 2 * time.Hour} })
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	h.ask(artist, "POST", path+"/comments", object{"content": "Hm."}).want(201)
	h.ask(artist, "POST", path+"/comments", object{"content": "Hm."}).want(429)
}

func TestInbox(t *testing.T) {
	h := open(t)
	artist, visitor, admin := h.Artist(t, "artist"), h.Register(t, "visitor"), h.admin("admin")
	path := h.hang(artist, picture())
	comment := h.ask(visitor, "POST", path+"/comments", object{"content": "Hm."}).want(201).object()
	h.ask(artist, "POST", path+"/comments", object{"content": "My own."}).want(201)
	h.ask(artist, "POST", path+"/reveal", nil).want(200)
	announced := h.ask(admin, "POST", root+"/admin/broadcast", object{"message": " Closed on Monday. "}).want(202).object()
	if announced["message"] != "Closed on Monday." {
		t.Errorf("got %v, want the message trimmed", announced)
	}
	inbox := func(query string) object {
		return h.ask(artist, "GET", root+"/notifications"+query, nil).want(200).object()
	}
	got := inbox("")
	results := got["results"].([]any)
	if len(results) != 2 || got["unread_count"] != 2.0 {
		t.Fatalf("got %v, want the comment and the reveal", got)
	}
	newest, oldest := results[0].(object), results[1].(object)
	if newest["seq"] != 2.0 || newest["message"] != `Your artwork "Dusk" has been revealed!` || newest["read_at"] != nil {
		t.Errorf("newest: got %v", newest)
	}
	data := oldest["data"].(object)
	if oldest["seq"] != 1.0 || data["type"] != "new_comment" || data["comment_id"] != comment["id"] || data["user"] != "visitor" {
		t.Errorf("oldest: got %v", oldest)
	}
	if announcements := got["announcements"].([]any); len(announcements) != 1 || announcements[0].(object)["id"] != announced["id"] {
		t.Errorf("announcements: got %v, want %v", got["announcements"], announced)
	}
	if next := inbox("?limit=1")["next"]; next == nil {
		t.Error("a page of one of two has no next")
	}

	mark := func(body any) answer { return h.ask(artist, "POST", root+"/notifications/read", body) }
	if left := mark(object{"ids": []any{strings.ToUpper(oldest["id"].(string)), nowhere}}).want(200).object()["unread_count"]; left != 1.0 {
		t.Errorf("after one was read: got %v unread, want 1", left)
	}
	if unread := inbox("?unread=true")["results"].([]any); len(unread) != 1 || unread[0].(object)["seq"] != 2.0 {
		t.Errorf("unread: got %v, want the newest alone", unread)
	}
	if all := inbox("?unread=false")["results"].([]any); len(all) != 2 || all[1].(object)["read_at"] == nil {
		t.Errorf("all: got %v, want both, the oldest read", all)
	}
	if left := mark(object{"up_to": 2}).want(200).object()["unread_count"]; left != 0.0 {
		t.Errorf("after all was read: got %v unread, want 0", left)
	}
	for name, test := range map[string]struct {
		body any
		want []string
	}{
		"neither":    {object{}, []string{"body"}},
		"both":       {object{"ids": []string{}, "up_to": 1}, []string{"body"}},
		"no list":    {object{"ids": nowhere}, []string{"ids"}},
		"no text":    {object{"ids": []any{nowhere, 7}}, []string{"ids[1]"}},
		"no id":      {object{"ids": []any{nowhere, "x"}}, []string{"ids[1]"}},
		"too many":   {object{"ids": make([]string, 101)}, []string{"ids"}},
		"a fraction": {object{"up_to": 1.5}, []string{"up_to"}},
		"below":      {object{"up_to": -1}, []string{"up_to"}},
		"text":       {object{"up_to": "1"}, []string{"up_to"}},
		"null":       {object{"up_to": nil}, []string{"up_to"}},
	} {
		if got := mark(test.body).want(422).places(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got places %v, want %v", name, got, test.want)
		}
	}
	// Somebody else's notifications are nobody's business.
	h.ask(visitor, "POST", root+"/notifications/read", object{"ids": []any{newest["id"]}}).want(200)
	if got := h.ask(visitor, "GET", root+"/notifications", nil).object()["results"].([]any); len(got) != 0 {
		t.Errorf("the visitor's inbox has %v", got)
	}
	for _, wrong := range []any{"", nil, strings.Repeat("x", 2001)} {
		h.ask(admin, "POST", root+"/admin/broadcast", object{"message": wrong}).want(422)
	}
}
