package ratelimit_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/ratelimit"
)

var tenAnHour = ratelimit.Rule{Burst: 10, Every: 6 * time.Minute}

// try makes n attempts at once that take a second each, and counts those that
// were let in and those that were refused.
func try(t *testing.T, f *ratelimit.Failures, key string, n int, fails func(i int) bool) (made, refused int64) {
	var m, r atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			end, err := f.Begin(t.Context(), key)
			if err != nil {
				if gallery.CodeOf(err) != gallery.TooMany {
					t.Errorf("got %v, want %v", err, gallery.TooMany)
				}
				r.Add(1)
				return
			}
			m.Add(1)
			time.Sleep(time.Second)
			end(fails(i))
		})
	}
	wg.Wait()
	return m.Load(), r.Load()
}

func always(int) bool { return true }
func never(int) bool  { return false }

func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name  string
		n     int
		fails func(int) bool
		want  int64 // attempts that are made
	}{
		{"successes", 60, never, 60},
		{"failures", 60, always, 10},
		{"nine failures among many", 60, func(i int) bool { return i < 9 }, 60},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := ratelimit.NewFailures("test", tenAnHour, nil, nil)
				if made, refused := try(t, f, "a", test.n, test.fails); made != test.want || refused != int64(test.n)-test.want {
					t.Errorf("got %d made and %d refused, want %d made", made, refused, test.want)
				}
			})
		})
	}
	t.Run("never more than the limit, whatever succeeds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := ratelimit.NewFailures("test", tenAnHour, nil, nil)
			var failed atomic.Int64
			try(t, f, "a", 500, func(i int) bool {
				if i%3 == 0 {
					failed.Add(1)
				}
				return i%3 == 0
			})
			if got := failed.Load(); got != 10 {
				t.Errorf("%d failed, want 10", got)
			}
		})
	})
	t.Run("one by one, and later again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := ratelimit.NewFailures("test", ratelimit.Rule{Burst: 2, Every: time.Minute}, nil, nil)
			for range 2 {
				try(t, f, "a", 1, always)
			}
			_, err := f.Begin(t.Context(), "a")
			if e, ok := errors.AsType[*gallery.Error](err); !ok || e.RetryAfter.Round(time.Second) != 58*time.Second {
				t.Errorf("got %v, want a refusal for 58 s", err)
			}
			if made, _ := try(t, f, "b", 5, always); made != 2 {
				t.Errorf("another key: got %d made, want 2", made)
			}
			time.Sleep(time.Minute)
			if made, _ := try(t, f, "a", 5, always); made != 1 {
				t.Errorf("a minute later: got %d made, want 1", made)
			}
		})
	})
}

// TestFailuresInOrder: who waits is let in before who comes later, and a
// failure refuses those behind it only once nobody is under way.
func TestFailuresInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ratelimit.NewFailures("test", ratelimit.Rule{Burst: 2, Every: time.Hour}, nil, nil)
		first, _ := f.Begin(t.Context(), "a")
		second, _ := f.Begin(t.Context(), "a")
		var order []int
		for i := range 3 {
			go func() {
				end, err := f.Begin(t.Context(), "a")
				if err != nil {
					order = append(order, -i)
					return
				}
				order = append(order, i)
				end(i == 1)
			}()
			synctest.Wait()
		}
		first(true)
		synctest.Wait()
		if len(order) != 0 {
			t.Errorf("got %v decided while one is under way, want nobody", order)
		}
		second(false) // lets in 0, which lets in 1, which fails
		synctest.Wait()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != -2 {
			t.Errorf("got %v, want 0 and 1 let in and 2 refused", order)
		}
	})
}

// TestFailuresOfThoseWhoLeave: they take no room, and keep none.
func TestFailuresOfThoseWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ratelimit.NewFailures("test", ratelimit.Rule{Burst: 1, Every: time.Hour}, nil, nil)
		end, err := f.Begin(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.Begin(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		end(false)
		// Let in and gone in the same moment, many times over.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			if end, err := f.Begin(gone, "a"); err == nil {
				end(false)
			}
		}
		if made, _ := try(t, f, "a", 3, always); made != 1 {
			t.Errorf("got %d made, want 1", made)
		}
	})
}

// TestFailuresOfTwoKinds: attempts that need room in both never wait for each
// other, as long as all begin in one order.
func TestFailuresOfTwoKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addresses := ratelimit.NewFailures("test", ratelimit.Rule{Burst: 3, Every: time.Hour}, nil, nil)
		accounts := ratelimit.NewFailures("test", ratelimit.Rule{Burst: 2, Every: time.Hour}, nil, nil)
		var made atomic.Int64
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				endAddress, err := addresses.Begin(t.Context(), strconv.Itoa(i%5))
				if err != nil {
					t.Errorf("address: got %v, want to get in: nothing fails", err)
					return
				}
				defer endAddress(false)
				endAccount, err := accounts.Begin(t.Context(), strconv.Itoa(i%7))
				if err != nil {
					t.Errorf("account: got %v, want to get in: nothing fails", err)
					return
				}
				defer endAccount(false)
				time.Sleep(time.Second)
				made.Add(1)
			})
		}
		wg.Wait() // a deadlock would end the bubble with a panic
		if got := made.Load(); got != 200 {
			t.Errorf("got %d made, want 200", got)
		}
	})
}

func TestFailuresWithoutALimit(t *testing.T) {
	f := ratelimit.NewFailures("test", ratelimit.Rule{}, nil, nil)
	if f != nil {
		t.Fatalf("got %v for no limit, want nil", f)
	}
	for range 100 {
		end, err := f.Begin(t.Context(), "a")
		if err != nil {
			t.Fatalf("got %v, want nil", err)
		}
		end(true)
	}
}
