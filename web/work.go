package web

import (
	"strings"
	"time"

	"invisibleart.example/gallery"
)

// work is an artwork as the pages show it.
type work struct {
	gallery.Artwork
	Kind       string // how the content is shown: picture, video, audio, text or file
	ContentURL string
	StandIn    string // the address of what hangs while it is hidden
	Own        bool   // StandIn is the artist's own placeholder
	Conditions []condition
}

// condition is one thing a work waits for, in words.
type condition struct {
	gallery.Condition
	When  string // "10 visitors have looked"; for a time, what stands before it
	Share string // "4 of 10"
	Short string // "4 of 10 visitors"
	At    moment // for a time
}

// IsTime tells whether the condition is an hour, which has no share.
func (c condition) IsTime() bool { return c.Measure == gallery.MeasureTime }

func workOf(art gallery.Artwork) work {
	w := work{
		Artwork:    art,
		Kind:       kindOf(art.ContentType),
		ContentURL: "/api/v1/artworks/" + art.ID + "/content",
		StandIn:    "/veils/" + art.ID,
		Own:        art.Placeholder != "",
	}
	if w.Own {
		w.StandIn = "/api/v1/artworks/" + art.ID + "/placeholder"
	}
	for _, c := range art.Conditions {
		w.Conditions = append(w.Conditions, conditionOf(c))
	}
	return w
}

// kindOf tells which element shows a media type. A PDF is a download, as is
// what stands in an Ogg container and is neither sound nor film.
func kindOf(contentType string) string {
	major, _, _ := strings.Cut(contentType, "/")
	switch major {
	case "image":
		return "picture"
	case "video", "audio", "text":
		return major
	}
	return "file"
}

// Revealed is when the veil was lifted.
func (w work) Revealed() moment { return moment{w.RevealedAt} }

// At makes a time printable.
func (work) At(t time.Time) moment { return moment{t} }

// Visitors and Said count who came and what they said.
func (w work) Visitors() string { return plural(w.ViewCount, "visitor", "visitors") }

// Said counts comments, see Visitors.
func (w work) Said() string { return plural(w.CommentCount, "comment", "comments") }

// Size is the size of the content in words. It is said after the reveal only.
func (w work) Size() string { return size(w.Seal.Size) }

// Alt is what a picture says to those who cannot see it.
func (w work) Alt() string {
	if w.AltText != "" {
		return w.AltText
	}
	return w.Title
}

// KindWord names what hangs where there is no picture of it.
func (w work) KindWord() string {
	switch {
	case w.Kind == "video":
		return "Film"
	case w.Kind == "audio":
		return "Sound"
	case w.Kind == "text":
		return "Text"
	case w.ContentType == "application/pdf":
		return "PDF"
	}
	return "File"
}

// Joint stands between the conditions in one line.
func (w work) Joint() string {
	if w.RevealWhen == gallery.RevealAll {
		return "and"
	}
	return "or"
}

func conditionOf(c gallery.Condition) condition {
	v := condition{Condition: c, At: moment{c.RevealAt}, Share: number(c.Current) + " of " + number(c.Target)}
	one := c.Target == 1
	say := func(when, short string) { v.When, v.Short = number(c.Target)+" "+when, v.Share+" "+short }
	switch {
	case c.Measure == gallery.MeasureTime:
		v.When = "the clock reaches"
	case c.Measure == gallery.MeasureViews && one:
		say("visitor has looked", "visitor")
	case c.Measure == gallery.MeasureViews:
		say("visitors have looked", "visitors")
	case c.Measure == gallery.MeasureComments && one:
		say("comment stands", "comment")
	case c.Measure == gallery.MeasureComments:
		say("comments stand", "comments")
	case c.Measure == gallery.MeasureReactions && one:
		say("person has reacted", "reaction")
	case c.Measure == gallery.MeasureReactions:
		say("people have reacted", "reactions")
	case c.Measure == gallery.MeasureConcurrentViewers && one:
		say("person is here", "visitor here")
	case c.Measure == gallery.MeasureConcurrentViewers:
		say("people are here at once", "visitors at once")
	default: // stored by a newer program
		v.When, v.Short = "something else happens", "something else"
	}
	return v
}
