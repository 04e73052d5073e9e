package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// capacity is how many works of the demonstration hang at once. Beyond it the
// oldest go, so that a demonstration may run for weeks.
const capacity = 24

// place is a spot on the wall for one kind of work.
type place struct {
	kind
	work     work
	revealed time.Time // when it was first seen revealed
	near     time.Time // since when one deed is missing
	told     bool      // of what there is to tell, the guide has
	retry    time.Time // not before this after a failure
}

// hall is the walls: the places, and the works that once hung in them.
type hall struct {
	house   *house
	artists []*person
	easel   *easel
	pace    Pace

	places []*place
	former []work // revealed and succeeded, the oldest first
	turn   int    // whose work hangs next
}

func newHall(h *house, artists []*person, e *easel, p Pace) *hall {
	hall := &hall{house: h, artists: artists, easel: e, pace: p}
	for _, k := range kinds() {
		hall.places = append(hall.places, &place{kind: k})
	}
	return hall
}

// open hangs the first works.
func (h *hall) open(ctx context.Context) error {
	for _, p := range h.places {
		if err := h.fill(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// fill hangs the next painting in a place. An artist who cannot is passed over:
// the reader has all passwords and may have closed the account.
func (h *hall) fill(ctx context.Context, p *place) error {
	painting, err := h.easel.next(ctx)
	if err != nil {
		return fmt.Errorf("paint: %w", err)
	}
	for range h.artists {
		artist := h.artists[h.turn%len(h.artists)]
		h.turn++
		var hung work
		if hung, err = artist.hang(ctx, painting, p.when, p.conditions(time.Now(), h.pace)); err != nil {
			err = fmt.Errorf("hang %q by %s: %w", painting.Title, artist.username, err)
			continue
		}
		if p.byHand {
			if err = artist.do(ctx, http.MethodPost, "/artworks/"+hung.ID+"/reveal", "", nil, &hung); err != nil {
				return fmt.Errorf("reveal %q: %w", painting.Title, err)
			}
		}
		p.work, p.revealed, p.near, p.told = hung, time.Time{}, time.Time{}, false
		return nil
	}
	return err
}

// refresh reads how the works stand. Works that are gone, by whoever's hand,
// leave their place empty.
func (h *hall) refresh(ctx context.Context) error {
	standing := map[string]work{}
	for _, artist := range h.artists {
		cursor := ""
		for {
			var page struct {
				Results []work
				Next    *string
			}
			path := "/artworks?limit=100&artist=" + url.QueryEscape(artist.username) + cursor
			if err := h.house.call(ctx, "", http.MethodGet, path, "", nil, &page); err != nil {
				return err
			}
			for _, w := range page.Results {
				standing[w.ID] = w
			}
			if page.Next == nil {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(*page.Next)
		}
	}
	now := time.Now()
	for _, p := range h.places {
		p.work = standing[p.work.ID]
		switch {
		case p.work.ID == "":
			p.revealed, p.near = time.Time{}, time.Time{}
		case p.work.IsRevealed && p.revealed.IsZero():
			p.revealed, p.told = now, false
		case p.near.IsZero() && (p.work.wouldReveal(look) || p.work.wouldReveal(say)):
			p.near, p.told = now, false
		}
	}
	h.former = slices.DeleteFunc(h.former, func(w work) bool { return standing[w.ID].ID == "" })
	for i, w := range h.former {
		h.former[i] = standing[w.ID]
	}
	return nil
}

// tend hangs successors where their time has come and takes down what is too
// much.
func (h *hall) tend(ctx context.Context) error {
	var problems []error
	now := time.Now()
	for _, p := range h.places {
		if now.Before(p.retry) {
			continue
		}
		linger := h.pace.Linger
		if !p.patient {
			linger = 0 // the clock goes on: there is always a next one
		}
		gone := p.work.ID == ""
		if !gone && (!p.fresh || p.revealed.IsZero() || now.Sub(p.revealed) < linger) {
			continue
		}
		before := p.work
		if err := h.fill(ctx, p); err != nil {
			p.retry = now.Add(10 * h.pace.Act)
			problems = append(problems, err)
			continue
		}
		if !gone {
			h.former = append(h.former, before)
		}
	}
	for len(h.former) > 0 && len(h.former)+len(h.places) > capacity {
		if err := h.remove(ctx, h.former[0]); err != nil {
			problems = append(problems, err)
			break // again at the next moment
		}
		h.former = h.former[1:]
	}
	return errors.Join(problems...)
}

// remove takes a work down, in its artist's name.
func (h *hall) remove(ctx context.Context, w work) error {
	for _, artist := range h.artists {
		if artist.username != w.Artist.Username {
			continue
		}
		err := artist.do(ctx, http.MethodDelete, "/artworks/"+w.ID, "", nil, nil)
		if err != nil && !isStatus(err, http.StatusNotFound) {
			return fmt.Errorf("take %q down: %w", w.Title, err)
		}
	}
	return nil
}
