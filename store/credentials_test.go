package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// race runs n calls at once and returns how many of them won.
func race(t *testing.T, n int, try func(i int) (won bool, err error)) int {
	t.Helper()
	var wg sync.WaitGroup
	var won atomic.Int64
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			ok, err := try(i)
			if err != nil {
				t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(won.Load())
}

func (s suite) TestSessionRoundTrip(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	token := store.Session{ID: "s1", UserID: id(1), RefreshID: "r1", CreatedAt: at(0), ExpiresAt: at(50)}
	cookie := store.Session{ID: "s2", UserID: id(1), CookieHash: "abc", CreatedAt: at(0), ExpiresAt: at(40)}
	other := store.Session{ID: "s3", UserID: id(1), RefreshID: "r3", CreatedAt: at(0), ExpiresAt: at(30)}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.CreateSession(ctx, token), tx.CreateSession(ctx, cookie), tx.CreateSession(ctx, other))
	})
	check := func(want store.Session, find func(ctx context.Context, tx *store.Tx) (store.Session, error)) {
		t.Helper()
		if diff := cmp.Diff(want, fetch(t, db, find)); diff != "" {
			t.Errorf("session (-want +got):\n%s", diff)
		}
	}
	byID := func(id string) func(ctx context.Context, tx *store.Tx) (store.Session, error) {
		return func(ctx context.Context, tx *store.Tx) (store.Session, error) { return tx.SessionByID(ctx, id) }
	}
	check(token, byID("s1"))
	check(cookie, func(ctx context.Context, tx *store.Tx) (store.Session, error) { return tx.SessionByCookie(ctx, "abc") })

	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		// The first end counts, and ending nothing is fine.
		return errors.Join(tx.EndSession(ctx, "s1", at(5)), tx.EndSession(ctx, "s1", at(6)),
			tx.EndSession(ctx, "nobody", at(6)), tx.EndSessions(ctx, id(1), at(7)))
	})
	token.EndedAt, cookie.EndedAt, other.EndedAt = at(5), at(7), at(7)
	check(token, byID("s1"))
	check(cookie, byID("s2"))
	check(other, byID("s3"))
	for what, find := range map[string]string{"cookie": "", "id": "unknown"} {
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			return errors.Join(second(tx.SessionByCookie(t.Context(), find)))
		})
		wantCode(t, what, err, gallery.NotFound)
	}
}

func (s suite) TestRotateRefresh(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.CreateSession(ctx, store.Session{ID: "s", UserID: id(1), RefreshID: "r0", CreatedAt: at(0), ExpiresAt: at(10)})
	})
	rotate := func(from, to string) (ok bool, err error) {
		err = db.Write(t.Context(), func(tx *store.Tx) (err error) {
			ok, err = tx.RotateRefresh(t.Context(), "s", from, to, at(20))
			return err
		})
		return ok, err
	}
	won := race(t, 50, func(i int) (bool, error) { return rotate("r0", fmt.Sprint("r1-", i)) })
	if won != 1 {
		t.Errorf("%d of 50 rotations of one token won, want 1", won)
	}
	session := fetch(t, db, func(ctx context.Context, tx *store.Tx) (store.Session, error) { return tx.SessionByID(ctx, "s") })
	if !session.ExpiresAt.Equal(at(20)) {
		t.Errorf("expiry after rotation: got %v, want %v", session.ExpiresAt, at(20))
	}
	if ok, err := rotate("r0", "again"); ok || err != nil {
		t.Errorf("a spent token: got %v (%v), want false", ok, err)
	}
	if ok, err := rotate(session.RefreshID, "r2"); !ok || err != nil {
		t.Errorf("the unspent token: got %v (%v), want true", ok, err)
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.EndSession(ctx, "s", at(3)) })
	if ok, err := rotate("r2", "r3"); ok || err != nil {
		t.Errorf("a token of an ended session: got %v (%v), want false", ok, err)
	}
}

func (s suite) TestTicketIsSpentOnce(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	want := store.Ticket{Hash: "h", UserID: id(1), SessionID: "s", TokenIssuedAt: at(0), TokenExpiresAt: at(9), ExpiresAt: at(2)}
	bare := store.Ticket{Hash: "bare", UserID: id(1), ExpiresAt: at(2)}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.CreateTicket(ctx, want), tx.CreateTicket(ctx, bare))
	})
	spend := func(hash string, now time.Time) (got store.Ticket, err error) {
		err = db.Write(t.Context(), func(tx *store.Tx) (err error) {
			got, err = tx.SpendTicket(t.Context(), hash, now)
			return err
		})
		return got, err
	}
	wantCode(t, "an expired ticket", second(spend("h", at(2))), gallery.NotFound)
	won := race(t, 50, func(int) (bool, error) {
		got, err := spend("h", at(1))
		if gallery.CodeOf(err) == gallery.NotFound {
			return false, nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ticket (-want +got):\n%s", diff)
		}
		return err == nil, err
	})
	if won != 1 {
		t.Errorf("%d of 50 spent one ticket, want 1", won)
	}
	if got, err := spend("bare", at(1)); err != nil || got != bare {
		t.Errorf("ticket of a bare token: got %+v (%v), want %+v", got, err, bare)
	}
	wantCode(t, "an unknown ticket", second(spend("x", at(1))), gallery.NotFound)
}

func (s suite) TestPurgeCredentials(t *testing.T) {
	db := s.open(t)
	addUsers(t, db, 1, 2)
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		for n := 1; n <= 3; n++ {
			name := fmt.Sprint(n)
			if err := errors.Join(
				tx.CreateTicket(ctx, store.Ticket{Hash: name, UserID: id(1), ExpiresAt: at(n)}),
				tx.CreateSession(ctx, store.Session{ID: name, UserID: id(1), CreatedAt: at(0), ExpiresAt: at(n), EndedAt: at(0)})); err != nil {
				return err
			}
		}
		return tx.PurgeCredentials(ctx, at(2))
	})
	for n, want := range map[int]gallery.Code{1: gallery.NotFound, 2: gallery.NotFound, 3: ""} {
		name := fmt.Sprint(n)
		err := db.Write(t.Context(), func(tx *store.Tx) error { return second(tx.SessionByID(t.Context(), name)) })
		wantCode(t, "session "+name, err, want)
		err = db.Write(t.Context(), func(tx *store.Tx) error { return second(tx.SpendTicket(t.Context(), name, at(0))) })
		wantCode(t, "ticket "+name, err, want)
	}
}
