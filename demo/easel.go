package demo

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"

	"invisibleart.example/gallery/demo/paint"
)

// Painting is a picture ready to be handed in.
type Painting struct {
	Title, AltText, Description string
	Filename                    string
	Content                     []byte
}

// Collection is the n-th painting of the house: first each picture of package
// paint as it was hung, then their siblings, round after round. It takes up to
// a few seconds and is safe for concurrent use.
func Collection(n int) (Painting, error) {
	pictures := paint.Pictures()
	p, variation := pictures[n%len(pictures)], n/len(pictures)
	var file bytes.Buffer
	if err := p.Encode(&file, variation); err != nil {
		return Painting{}, err
	}
	return Painting{
		Title: p.TitleOf(variation), AltText: p.AltText, Description: p.Description,
		Filename: fmt.Sprintf("%s-%d%s", p.Name, variation, p.Extension()), Content: file.Bytes(),
	}, nil
}

// easel paints ahead, on all processors, and hands the paintings out in order.
type easel struct {
	paint func(n int) (Painting, error)
	ready chan chan painted // in order; each gets one painting
}

type painted struct {
	Painting
	err error
}

func newEasel(paint func(n int) (Painting, error)) *easel {
	// What waits here is being painted or finished: enough to keep every
	// processor busy at the start, and no more than a few files in memory.
	return &easel{paint: paint, ready: make(chan chan painted, runtime.GOMAXPROCS(0))}
}

// run paints until ctx ends, and returns when the last brush is down.
func (e *easel) run(ctx context.Context) error {
	var brushes sync.WaitGroup
	defer brushes.Wait()
	for n := 0; ; n++ {
		canvas := make(chan painted, 1)
		select {
		case e.ready <- canvas:
		case <-ctx.Done():
			return nil
		}
		brushes.Go(func() {
			p, err := e.paint(n)
			canvas <- painted{p, err}
		})
	}
}

// next waits for the next painting.
func (e *easel) next(ctx context.Context) (Painting, error) {
	select {
	case canvas := <-e.ready:
		select {
		case p := <-canvas:
			return p.Painting, p.err
		case <-ctx.Done():
			return Painting{}, ctx.Err()
		}
	case <-ctx.Done():
		return Painting{}, ctx.Err()
	}
}
