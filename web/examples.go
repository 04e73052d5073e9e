package web

import (
	"time"

	"invisibleart.example/gallery"
)

// examples has for each page some of what it may be given, with every branch
// of its template taken.
func examples() map[string][]any {
	wrong := mistakes{Form: "x", Fields: map[string]string{
		"email": "x", "password": "x", "username": "x", "content": "x",
	}}
	var works []work
	var exhibits []any
	for _, art := range exampleWorks() {
		w := workOf(art)
		works = append(works, w)
		exhibits = append(exhibits,
			exhibit{work: w},
			exhibit{
				work: w, Text: "x", TextMore: true, Mine: true, Present: 2, Draft: "x", Older: "x", Mistakes: wrong,
				Comments: []gallery.Comment{{User: gallery.UserRef{Username: "ada"}, Content: "x"}},
			})
	}
	return map[string][]any{
		"start":   {wall{}, wall{First: true}, wall{Works: works, Next: "x", First: true}},
		"artwork": exhibits,
		"sign-in": {door{Next: "/"}, door{Mistakes: wrong, Next: "/x"}},
		"sign-up": {door{Next: "/"}, door{Mistakes: wrong, IsArtist: true, Next: "/x"}},
		"failure": {failure{}, failure{Status: 404, Missing: true}, failure{Status: 401, SignIn: true}},
	}
}

// exampleWorks has one of each kind, hidden and revealed.
func exampleWorks() (works []gallery.Artwork) {
	at := time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC)
	conditions := []gallery.Condition{
		{Measure: gallery.MeasureTime, RevealAt: at},
		{Measure: gallery.MeasureTime, RevealAt: at, IsMet: true},
		{Measure: gallery.MeasureViews, Target: 1},
		{Measure: gallery.MeasureComments, Target: 3, Current: 3, IsMet: true},
		{Measure: gallery.MeasureReactions, Target: 10_000},
		{Measure: gallery.MeasureConcurrentViewers, Target: 2},
		{Measure: "unheard of"},
	}
	for _, contentType := range []string{"image/png", "video/mp4", "audio/ogg", "text/plain; charset=utf-8", "application/pdf", "application/ogg"} {
		for _, when := range []gallery.RevealWhen{gallery.RevealAny, gallery.RevealAll} {
			for _, revealedAt := range []time.Time{{}, at} {
				works = append(works, gallery.Artwork{
					ID: "x", Title: "x", Description: "x", ContentType: contentType, RevealWhen: when,
					Conditions: conditions, RevealedAt: revealedAt, Seal: gallery.Seal{Commitment: "x", Salt: "x"},
				}, gallery.Artwork{
					ID: "x", Title: "x", AltText: "x", ContentType: contentType, Placeholder: "image/png",
					Conditions: conditions[:1], RevealedAt: revealedAt, CreatedAt: at,
				})
			}
		}
	}
	return works
}
