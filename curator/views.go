package curator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"invisibleart.example/gallery"
)

const (
	// maxBatch bounds how long one transaction of views can get; whoever comes
	// beyond it shares the next.
	maxBatch = 1000

	// commitDeadline bounds how long a stopping curator waits for its last
	// commit.
	commitDeadline = 10 * time.Second
)

// view is one view that waits for its commit.
type view struct {
	artworkID, viewerID string

	done chan struct{} // closed when art and err are set
	art  gallery.Artwork
	err  error
}

// batcher collects the views that arrive while a commit is under way, for the
// next one. There is no timer: a view that comes alone is committed alone and
// at once, and the busier it gets the more share one fsync.
type batcher struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []*view
	closed  bool
}

func newBatcher() *batcher { return &batcher{wake: make(chan struct{}, 1)} }

// countView counts a view and returns the work after it. A caller that goes
// away leaves its view where it is: it may be counted or not, and the others
// of its batch do not notice.
func (c *Curator) countView(ctx context.Context, viewerID, artworkID string) (gallery.Artwork, error) {
	v := &view{artworkID: artworkID, viewerID: viewerID, done: make(chan struct{})}
	if c.phase.Load() == idle {
		c.commitViews(ctx, []*view{v})
		return v.art, v.err
	}
	if !c.views.add(v) {
		return gallery.Artwork{}, unavailable(errors.New("the curator has stopped"))
	}
	select {
	case <-v.done:
		return v.art, v.err
	case <-ctx.Done():
		return gallery.Artwork{}, ctx.Err()
	}
}

// add queues a view, unless the batcher is closed.
func (b *batcher) add(v *view) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.waiting = append(b.waiting, v)
	select {
	case b.wake <- struct{}{}:
	default: // a signal is waiting already
	}
	return true
}

// take removes the next batch from the queue.
func (b *batcher) take() []*view {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), maxBatch)
	batch := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	return batch
}

// close refuses all further views and answers those that wait.
func (b *batcher) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, v := range b.waiting {
		v.answer(gallery.Artwork{}, unavailable(errors.New("the curator has stopped")))
	}
	b.waiting = nil
}

func (v *view) answer(art gallery.Artwork, err error) {
	v.art, v.err = art, err
	close(v.done)
}

// runViews is the one goroutine that commits views.
func (c *Curator) runViews(ctx context.Context) {
	defer c.views.close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.views.wake:
		}
		for batch := c.views.take(); len(batch) > 0; batch = c.views.take() {
			// Not under ctx: a batch that has begun is committed and answered.
			commit, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitDeadline)
			c.commitViews(commit, batch)
			cancel()
		}
	}
}

// commitViews counts a batch of views in one transaction and answers each.
func (c *Curator) commitViews(ctx context.Context, batch []*view) {
	works := map[string][]*view{}
	for _, v := range batch {
		works[v.artworkID] = append(works[v.artworkID], v)
	}
	var seen map[string]gallery.Artwork
	err := c.write(ctx, func(a *act) error {
		seen = make(map[string]gallery.Artwork, len(works))
		arts, err := a.LockArtworks(ctx, slices.Collect(maps.Keys(works)))
		if err != nil {
			return err
		}
		for _, art := range arts { // but for those deleted since the viewer found them
			if seen[art.ID], err = a.view(ctx, art, works[art.ID]); err != nil {
				return err
			}
		}
		return nil
	})
	if gallery.CodeOf(err) == gallery.Internal && ctx.Err() != nil {
		// Nothing is broken: the store was too busy for too long.
		err = unavailable(fmt.Errorf("commit %d views: %w", len(batch), err))
	}
	if gallery.CodeOf(err) == gallery.Internal && len(works) > 1 {
		// One broken work must not cost the others their views.
		for _, alone := range works {
			c.commitViews(ctx, alone)
		}
		return
	}
	for _, v := range batch {
		art, found := seen[v.artworkID]
		switch {
		case err != nil:
			v.answer(gallery.Artwork{}, err)
		case !found:
			v.answer(gallery.Artwork{}, gallery.Errorf(gallery.NotFound, "There is no such artwork."))
		default:
			v.answer(art, nil)
		}
	}
}

// view counts the viewers of one artwork and does what follows from it. Whose
// account is gone meanwhile does not count.
func (a *act) view(ctx context.Context, art gallery.Artwork, views []*view) (gallery.Artwork, error) {
	viewers := make([]string, len(views))
	for i, v := range views {
		viewers[i] = v.viewerID
	}
	added, total, err := a.AddViews(ctx, art.ID, viewers, a.now)
	if err != nil {
		return gallery.Artwork{}, fmt.Errorf("count views of artwork %s: %w", art.ID, err)
	}
	art.ViewCount = total
	for _, m := range gallery.MilestonesCrossed(max(total-added, art.ViewsBefore), total) {
		a.note(gallery.EventNewView, art, gallery.MilestoneSentence(art.Title, m),
			gallery.NotificationData{Type: gallery.ViewMilestone, ViewCount: m})
	}
	return art, a.judge(ctx, &art, false)
}
