package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery/gallerytest"
)

func TestAWorkHidesWhatItMust(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	for _, who := range []*gallerytest.Person{nil, artist, h.Register(t, "visitor")} {
		got := h.ask(who, "GET", path, nil).want(200).object()
		seal := got["seal"].(object)
		for what, value := range map[string]any{"content": got["content"], "size": got["size"], "salt": seal["salt"], "revealed_at": got["revealed_at"]} {
			if value != nil {
				t.Errorf("before the reveal %s is %v, want null", what, value)
			}
		}
		if got["is_revealed"] != false || got["content_type"] != "image/png" || len(seal["commitment"].(string)) != 64 {
			t.Errorf("got %v, want a hidden picture with its commitment", got)
		}
	}
	shown := h.ask(artist, "POST", path+"/reveal", nil).want(200).object()
	seal := shown["seal"].(object)
	if shown["content"] != path+"/content" || shown["size"] != float64(len(picture())) || shown["is_revealed"] != true {
		t.Errorf("got %v, want it shown", shown)
	}
	salt, err := hex.DecodeString(seal["salt"].(string))
	if err != nil {
		t.Fatal(err)
	}
	content := h.ask(nil, "GET", shown["content"].(string), nil).want(200).body
	sum := sha256.Sum256(append(salt, content...))
	if got := hex.EncodeToString(sum[:]); got != seal["commitment"] {
		t.Errorf("SHA-256(salt ‖ content) is %s, want the commitment %s", got, seal["commitment"])
	}
	again := h.ask(artist, "POST", path+"/reveal", nil).want(200).object()
	if diff := cmp.Diff(shown, again); diff != "" {
		t.Errorf("revealed again, it differs (-first +second):\n%s", diff)
	}
	h.ask(artist, "POST", root+"/artworks/"+nowhere+"/reveal", nil).want(404)
}

func TestAViewIsAPerson(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	path := h.hang(artist, picture())
	count := func(who *gallerytest.Person) float64 {
		return h.ask(who, "GET", path, nil).want(200).object()["view_count"].(float64)
	}
	h.ask(visitor, "HEAD", path, nil).want(200)
	h.ask(visitor, "GET", root+"/artworks", nil).want(200)
	for _, step := range []struct {
		name string
		who  *gallerytest.Person
		want float64
	}{
		{"nobody", nil, 0}, {"the artist", artist, 0}, {"a visitor", visitor, 1}, {"the same visitor", visitor, 1},
		{"another one", h.Register(t, "second"), 2}, {"nobody again", nil, 2},
	} {
		if got := count(step.who); got != step.want {
			t.Errorf("after a look of %s: got %v views, want %v", step.name, got, step.want)
		}
	}
	h.ask(nil, "GET", root+"/artworks/"+nowhere, nil).want(404)
	h.ask(nil, "HEAD", root+"/artworks/"+nowhere, nil).want(404)
}

func TestTheLookThatRevealsShowsIt(t *testing.T) {
	h := open(t)
	artist, visitor := h.Artist(t, "artist"), h.Register(t, "visitor")
	form := newForm().file("artwork_file", picture()).field("reveal_conditions", "["+gallerytest.Views(1)+"]").field("title", "Dusk")
	path := h.ask(artist, "POST", root+"/artworks", form).want(201).header.Get("Location")
	got := h.ask(visitor, "GET", path, nil).want(200).object()
	condition := got["reveal_conditions"].([]any)[0].(object)
	if got["is_revealed"] != true || got["content"] == nil || condition["is_met"] != true {
		t.Errorf("got %v, want it revealed by this look", got)
	}
}

func TestListArtworks(t *testing.T) {
	h := open(t)
	one, two := h.Artist(t, "one"), h.Artist(t, "two")
	titles := func(query string) (titles []string) {
		for _, item := range h.ask(nil, "GET", root+"/artworks"+query, nil).want(200).object()["results"].([]any) {
			titles = append(titles, item.(object)["title"].(string))
		}
		return titles
	}
	hang := func(artist *gallerytest.Person, title, description string) string {
		form := newForm().field("title", title).field("description", description).field("reveal_conditions", "["+gallerytest.Views(9)+"]").file("artwork_file", picture())
		return h.ask(artist, "POST", root+"/artworks", form).want(201).header.Get("Location")
	}
	if got := titles(""); got != nil {
		t.Errorf("an empty gallery lists %v", got)
	}
	hang(one, "Dusk", "over 100% of the sea")
	shown := hang(one, "Dawn", "under the_sea")
	hang(two, "Noon", "")
	h.ask(one, "POST", shown+"/reveal", nil).want(200)
	for query, want := range map[string][]string{
		"":                                   {"Noon", "Dawn", "Dusk"},
		"?limit=100":                         {"Noon", "Dawn", "Dusk"},
		"?artist=one":                        {"Dawn", "Dusk"},
		"?artist=" + one.ID:                  {"Dawn", "Dusk"},
		"?artist=" + strings.ToUpper(one.ID): {"Dawn", "Dusk"},
		"?artist=nobody":                     nil,
		"?revealed=true":                     {"Dawn"},
		"?revealed=false":                    {"Noon", "Dusk"},
		"?q=DUSK":                            {"Dusk"},
		"?q=sea":                             {"Dawn", "Dusk"},
		"?q=100%25":                          {"Dusk"},
		"?q=the_sea":                         {"Dawn"},
		"?q=%25":                             {"Dusk"},
		"?artist=one&revealed=false":         {"Dusk"},
		"?utm_source=x&order=sideways":       {"Noon", "Dawn", "Dusk"},
	} {
		if diff := cmp.Diff(want, titles(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	var walked []string
	for cursor := ""; ; {
		page := h.ask(nil, "GET", root+"/artworks?limit=1&cursor="+cursor, nil).want(200).object()
		walked = append(walked, page["results"].([]any)[0].(object)["title"].(string))
		next, more := page["next"].(string)
		if !more {
			break
		}
		cursor = next
	}
	if want := []string{"Noon", "Dawn", "Dusk"}; !slices.Equal(walked, want) {
		t.Errorf("page by page: got %v, want %v", walked, want)
	}
}

func TestBadQueriesAreNamed(t *testing.T) {
	h := open(t)
	visitor, artist := h.Register(t, "visitor"), h.Artist(t, "artist")
	path := h.hang(artist, picture())
	for _, list := range []string{root + "/artworks", path + "/comments", root + "/notifications"} {
		for _, limit := range []string{"0", "101", "-1", "x", "", "1.5", "1e1", "99999999999999999999", "1&limit=2"} {
			if got := h.ask(visitor, "GET", list+"?limit="+limit, nil).want(422).places(); !slices.Contains(got, "limit") {
				t.Errorf("%s limit %q: got places %v", list, limit, got)
			}
		}
		for _, cursor := range []string{"x", "%ff", "AAAA", "1%00"} {
			h.ask(visitor, "GET", list+"?cursor="+cursor, nil).want(400)
		}
		h.ask(visitor, "GET", list+"?cursor=a&cursor=b", nil).want(422)
		h.ask(visitor, "GET", list+"?limit=%zz", nil).want(400)
		h.ask(visitor, "GET", list+"?a;b", nil).want(400)
	}
	for query, place := range map[string]string{
		"/artworks?revealed=yes": "revealed", "/artworks?revealed=": "revealed", "/artworks?revealed=true&revealed=false": "revealed",
		"/artworks?q=%00": "q", "/artworks?q=%ff": "q", "/artworks?q=" + strings.Repeat("x", 256): "q", "/artworks?artist=%00": "artist",
		"/notifications?unread=1": "unread",
	} {
		if got := h.ask(visitor, "GET", root+query, nil).want(422).places(); !slices.Contains(got, place) {
			t.Errorf("%s: got places %v, want %s among them", query, got, place)
		}
	}
}

func TestEditArtwork(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	got := h.ask(artist, "PATCH", path, object{"title": "  Dawn ", "alt_text": "A sun."}).want(200).object()
	if got["title"] != "Dawn" || got["alt_text"] != "A sun." || got["description"] != "" {
		t.Errorf("got %v, want title and alt_text changed, nothing else", got)
	}
	instant := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	got = h.ask(artist, "PATCH", path, object{"reveal_when": "all", "reveal_conditions": []object{
		{"condition_type": "time", "condition_value": object{"reveal_at": instant.In(time.FixedZone("", 3600)).Format(time.RFC3339Nano)}},
		{"condition_type": "interactive", "condition_value": object{"comment_count": 3}},
		{"condition_type": "interactive", "condition_value": object{"concurrent_viewers": 2}},
	}}).want(200).object()
	conditions := got["reveal_conditions"].([]any)
	if got["reveal_when"] != "all" || len(conditions) != 3 {
		t.Fatalf("got %v, want all of three conditions", got)
	}
	if value := conditions[0].(object)["condition_value"].(object)["reveal_at"]; value != instant.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("got reveal_at %v, want %v in UTC with milliseconds", value, instant)
	}
	h.ask(artist, "PATCH", path, object{}).want(200)
	for _, wrong := range []any{"", "some", "ANY", nil, true} {
		if places := h.ask(artist, "PATCH", path, object{"reveal_when": wrong}).want(422).places(); !slices.Equal(places, []string{"reveal_when"}) {
			t.Errorf("reveal_when %#v: got places %v", wrong, places)
		}
	}
	h.ask(artist, "PATCH", root+"/artworks/"+nowhere, object{}).want(404)

	// The work has one view; a condition of one is met at once.
	h.ask(h.Register(t, "visitor"), "GET", path, nil).want(200)
	got = h.ask(artist, "PATCH", path, object{"reveal_when": "any", "reveal_conditions": []object{{"condition_type": "view_count", "condition_value": object{"count": 1}}}}).want(200).object()
	if got["is_revealed"] != true {
		t.Errorf("got %v, want the new condition judged at once", got)
	}
	h.ask(artist, "PATCH", path, object{"description": "Now you see it."}).want(200)
	h.ask(artist, "PATCH", path, object{"reveal_conditions": []object{{"condition_type": "view_count", "condition_value": object{"count": 5}}}}).want(409)
}

// TestConditionsAreReadStrictly names every place where a condition can be
// wrong, when a work is changed and when it is hung.
func TestConditionsAreReadStrictly(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	at := func(text string) string {
		return fmt.Sprintf(`[{"condition_type":"time","condition_value":{"reveal_at":%s}}]`, text)
	}
	count := func(text string) string {
		return fmt.Sprintf(`[{"condition_type":"view_count","condition_value":{"count":%s}}]`, text)
	}
	const first = "reveal_conditions[0]"
	for _, test := range []struct {
		name, conditions string
		want             []string
	}{
		{"none", `[]`, []string{"reveal_conditions"}},
		{"no list", `{}`, []string{"reveal_conditions"}},
		{"null", `null`, []string{"reveal_conditions"}},
		{"eleven", "[" + strings.Repeat(gallerytest.Views(5)+",", 10) + gallerytest.Views(5) + "]", []string{"reveal_conditions"}},
		{"no object", `[7]`, []string{first}},
		{"nothing in it", `[{}]`, []string{first + ".condition_type", first + ".condition_value"}},
		{"an unknown type", `[{"condition_type":"weather","condition_value":{"rain":1}}]`, []string{first + ".condition_type"}},
		{"an empty type", `[{"condition_type":"","condition_value":{}}]`, []string{first + ".condition_type"}},
		{"a type of another type", `[{"condition_type":1,"condition_value":{}}]`, []string{first + ".condition_type"}},
		{"a value of another type", `[{"condition_type":"view_count","condition_value":5}]`, []string{first + ".condition_value"}},
		{"an unknown key", `[{"condition_type":"view_count","condition_value":{"count":5,"of":1}}]`, []string{first + ".condition_value.of"}},
		{"another type's key", `[{"condition_type":"view_count","condition_value":{"comment_count":5}}]`, []string{first + ".condition_value.comment_count", first + ".condition_value.count"}},
		{"two measures", `[{"condition_type":"interactive","condition_value":{"comment_count":5,"reaction_count":5}}]`, []string{first + ".condition_value"}},
		{"what cannot be set", `[{"condition_type":"view_count","condition_value":{"count":5},"is_met":true,"id":"x"}]`, []string{first + ".id", first + ".is_met"}},
		{"a count of nothing", count("0"), []string{first + ".condition_value.count"}},
		{"a count below", count("-5"), []string{first + ".condition_value.count"}},
		{"a fraction", count("1.5"), []string{first + ".condition_value.count"}},
		{"an exponent", count("1e3"), []string{first + ".condition_value.count"}},
		{"text", count(`"5"`), []string{first + ".condition_value.count"}},
		{"true", count("true"), []string{first + ".condition_value.count"}},
		{"null for a count", count("null"), []string{first + ".condition_value.count"}},
		{"too much for 64 bits", count("9223372036854775808"), []string{first + ".condition_value.count"}},
		{"too much for a script", count("9007199254740993"), []string{first + ".condition_value.count"}},
		{"the past", at(`"2020-01-01T00:00:00Z"`), []string{first + ".condition_value.reveal_at"}},
		{"a naive time", at(`"2050-01-01T00:00:00"`), []string{first + ".condition_value.reveal_at"}},
		{"a date", at(`"2050-01-01"`), []string{first + ".condition_value.reveal_at"}},
		{"a day that is not", at(`"2050-02-30T00:00:00Z"`), []string{first + ".condition_value.reveal_at"}},
		{"a number of seconds", at("2524608000"), []string{first + ".condition_value.reveal_at"}},
		{"the second of two", `[` + gallerytest.Views(5) + `,{"condition_type":"view_count","condition_value":{"count":0}}]`, []string{"reveal_conditions[1].condition_value.count"}},
		{"a key twice", `[{"condition_type":"view_count","condition_value":{"count":5,"count":6}}]`, []string{first + ".condition_value.count"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{h.Server, t}
			edited := h.ask(artist, "PATCH", path, `{"reveal_conditions": `+test.conditions+`}`).want(422).places()
			form := newForm().field("title", "Dusk").file("artwork_file", picture()).field("reveal_conditions", test.conditions)
			hung := h.ask(artist, "POST", root+"/artworks", form).want(422).places()
			for what, got := range map[string][]string{"edited": edited, "hung": hung} {
				if slices.Sort(got); !slices.Equal(got, test.want) {
					t.Errorf("%s: got places %v, want %v", what, got, test.want)
				}
			}
		})
	}
}

func TestDeleteArtwork(t *testing.T) {
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	h.ask(artist, "DELETE", path, nil).want(204)
	for _, gone := range []string{path, path + "/content", path + "/placeholder", path + "/comments"} {
		h.ask(artist, "GET", gone, nil).want(404)
	}
	h.ask(artist, "DELETE", path, nil).want(404)
	h.ask(artist, "POST", path+"/comments", object{"content": "Where is it?"}).want(404)
}

func TestTimesHaveMilliseconds(t *testing.T) {
	// The document's pattern for times holds this on every answer; here, that
	// an instant without a fraction keeps its three zeros.
	h := open(t)
	artist := h.Artist(t, "artist")
	path := h.hang(artist, picture())
	got := h.ask(artist, "PATCH", path, object{"reveal_conditions": []object{
		{"condition_type": "time", "condition_value": object{"reveal_at": "2050-01-01T00:00:00+01:00"}},
	}}).want(200)
	if !strings.Contains(string(got.body), `"reveal_at":"2049-12-31T23:00:00.000Z"`) {
		t.Errorf("got %s, want 2049-12-31T23:00:00.000Z in it", got.body)
	}
}
