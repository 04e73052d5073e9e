package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// crowd is the visitors. One of them does one thing at a time.
type crowd struct {
	hall   *hall
	people []*person
	dice   *rand.Rand
	words  *words

	looked, said map[visit]bool
}

// visit is a person before a work.
type visit struct {
	person *person
	workID string
}

// option is something somebody could do now.
type option struct {
	visit
	deed   deed
	work   work
	weight float64
}

// opening lets the crowd do at once what would take it minutes, so that the
// first reveal is not far when the reader arrives: most viewers of the works
// that wait for viewers, and a few words.
func (c *crowd) opening(ctx context.Context) error {
	if err := c.hall.refresh(ctx); err != nil {
		return err
	}
	for i, p := range c.hall.places {
		lookers := 3 + (5*i)%4
		if p.appeal >= 8 {
			lookers = 7
		}
		for k := range lookers {
			person := c.people[(k+2*i)%len(c.people)]
			if err := c.perform(ctx, option{visit{person, p.work.ID}, look, p.work, 1}); err != nil {
				return err
			}
			// Two of them say something, where it cannot decide anything yet.
			if k < 2 && (p.work.IsRevealed || i%3 == 1) {
				if err := c.perform(ctx, option{visit{person, p.work.ID}, say, p.work, 1}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// act lets one person do one thing, if there is anything to do.
func (c *crowd) act(ctx context.Context) error {
	if chosen, ok := c.choose(time.Now()); ok {
		return c.perform(ctx, chosen)
	}
	return nil
}

// choose picks what happens next: the deed a work has been waiting for if it
// has waited long enough, otherwise anything, by weight.
func (c *crowd) choose(now time.Time) (option, bool) {
	var options []option
	for _, p := range c.hall.places {
		if p.work.ID == "" {
			continue
		}
		due := !p.near.IsZero() && now.Sub(p.near) >= c.hall.pace.Hold
		for _, o := range c.options(p.work, float64(p.appeal)) {
			decides := p.work.wouldReveal(o.deed)
			if decides && due {
				return o, true
			}
			// A deed that would reveal is left to the reader for a while.
			if !decides {
				options = append(options, o)
			}
		}
	}
	for _, w := range c.hall.former {
		options = append(options, c.options(w, 0.4)...)
	}
	return c.draw(options)
}

// options is all that anybody could still do before a work.
func (c *crowd) options(w work, appeal float64) (list []option) {
	// Begin anywhere, so that it is not always the same person who decides.
	first := c.dice.IntN(len(c.people))
	for i := range c.people {
		v := visit{c.people[(first+i)%len(c.people)], w.ID}
		switch {
		case !c.looked[v]:
			list = append(list, option{v, look, w, appeal})
		case !c.said[v]:
			// Most people look and keep their thoughts to themselves.
			list = append(list, option{v, say, w, 0.22 * appeal})
		}
	}
	return list
}

func (c *crowd) draw(options []option) (option, bool) {
	total := 0.0
	for _, o := range options {
		total += o.weight
	}
	at := c.dice.Float64() * total
	for _, o := range options {
		if at -= o.weight; at < 0 {
			return o, true
		}
	}
	return option{}, false
}

// perform does it. A work that is gone meanwhile is nobody's fault.
func (c *crowd) perform(ctx context.Context, o option) error {
	if c.looked == nil {
		c.looked, c.said = map[visit]bool{}, map[visit]bool{}
	}
	var err error
	switch o.deed {
	case look:
		c.looked[o.visit] = true
		err = o.person.look(ctx, o.workID)
	case say:
		c.said[o.visit] = true
		err = o.person.say(ctx, o.workID, c.words.next(o.work.IsRevealed, c.dice))
	}
	if err != nil && !isStatus(err, http.StatusNotFound) {
		return fmt.Errorf("%s before %q: %w", o.person.username, o.work.Title, err)
	}
	return nil
}
