package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// guide tells the reader what there is to see and to try. What it prints can be
// pasted into a shell.
type guide struct {
	out     io.Writer
	url     string
	program string
	pace    Pace
}

// page is where a work hangs.
func (g *guide) page(w work) string { return g.url + "/artworks/" + w.ID }

// welcome is printed once, when everything hangs.
func (g *guide) welcome(c cast, h *hall) {
	names := func(people []*person) string {
		var list []string
		for _, p := range people {
			list = append(list, p.username)
		}
		return strings.Join(list, ", ")
	}
	g.printf("\nThe Invisible Art Gallery is open: %s\n", g.url)
	g.printf("It is thrown away when this program ends (Ctrl-C).\n\n")
	g.printf("Accounts, all with the password %q; the address is NAME@example.com:\n", Password)
	g.printf("  %-9s %s\n", "artists", names(c.artists))
	g.printf("  %-9s %s\n", "visitors", names(c.visitors))
	g.printf("  %-9s %s (this one is yours)\n\n", "guest", c.guest.username)
	g.printf("On the walls:\n")
	for _, p := range h.places {
		verb := "reveals "
		if p.byHand {
			verb = ""
		}
		g.printf("  %s\n    %s%s\n    %s\n", p.work.Title, verb, p.name, g.page(p.work))
	}
	clock, ten := h.places[1], h.places[2]
	g.printf("\nWatch %q, which reveals within %s:\n  %s watch %s\n", clock.work.Title, span(g.pace.Clock), g.program, g.page(clock.work))
	g.printf("Hear what an artist hears:\n  echo '%s' | %s watch --email %s %s/ws/notifications/\n", Password, g.program, c.artists[0].email, g.url)
	g.printf("Sign in as the guest, once in your shell:\n  %s\n", g.signIn())
	g.printf("Be the tenth viewer of %q. The crowd stops at nine and leaves you %s:\n  %s watch %s\n  %s\n\n",
		ten.work.Title, span(g.pace.Hold), g.program, g.page(ten.work), g.look(ten.work))
}

// tell prints what has happened since the last time.
func (g *guide) tell(h *hall) {
	for _, p := range h.places {
		if p.told {
			continue
		}
		switch {
		case !p.revealed.IsZero() && !p.byHand:
			g.event("%q is revealed (%s): %s", p.work.Title, p.name, g.page(p.work))
		case !p.revealed.IsZero() || p.work.ID == "":
			// by hand: it was told at the beginning
		case p.work.wouldReveal(look):
			g.event("%q lacks one viewer after %d and waits %s for you: %s\n  %s",
				p.work.Title, p.work.ViewCount, span(g.pace.Hold), g.page(p.work), g.look(p.work))
		case p.work.wouldReveal(say):
			g.event("%q lacks one comment and waits %s for yours: %s\n  %s",
				p.work.Title, span(g.pace.Hold), g.page(p.work), g.say(p.work))
		}
		p.told = true
	}
}

func (g *guide) signIn() string {
	return fmt.Sprintf(`TOKEN=$(curl -s %s/api/v1/auth/login -H 'Content-Type: application/json' -d '{"email":"%s","password":"%s"}' | sed 's/.*"access": *"\([^"]*\)".*/\1/')`,
		g.url, address(Guest), Password)
}

func (g *guide) look(w work) string {
	return fmt.Sprintf(`curl -s -H "Authorization: Bearer $TOKEN" %s/api/v1/artworks/%s`, g.url, w.ID)
}

func (g *guide) say(w work) string {
	return fmt.Sprintf(`curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"content":"Let me see it."}' %s/api/v1/artworks/%s/comments`, g.url, w.ID)
}

func (g *guide) event(format string, args ...any) {
	g.printf(time.Now().Format("15:04:05")+"  "+format+"\n", args...)
}

// span is a time as people say it.
func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	if d%time.Second == 0 {
		return fmt.Sprintf("%d seconds", d/time.Second)
	}
	return d.String()
}

// printf ignores errors: a reader who closed the terminal has seen enough.
func (g *guide) printf(format string, args ...any) { fmt.Fprintf(g.out, format, args...) }
