package curator

import (
	"context"
	"log/slog"
	"time"

	"invisibleart.example/gallery"
)

// outage keeps the log calm while something is away that a worker asks again
// and again: one line when it goes, one when it is back. It belongs to one
// worker.
type outage struct {
	log   *slog.Logger
	doing string // what does not work meanwhile
	now   func() time.Time

	code  gallery.Code // of the last error, "" while all is well
	since time.Time
}

// note takes how the last try went. An error of another sort than the one
// before is another line: behind an outage there may be a fault.
func (o *outage) note(ctx context.Context, err error) {
	code := gallery.CodeOf(err)
	switch {
	case code == o.code, err != nil && ctx.Err() != nil: // nothing new; or told to stop
		return
	case err == nil:
		o.log.InfoContext(ctx, o.doing+": works again", "after", o.now().Sub(o.since).Round(time.Millisecond))
	default:
		o.log.ErrorContext(ctx, o.doing, "error", err)
	}
	if o.code == "" {
		o.since = o.now()
	}
	o.code = code
}

func (o *outage) over() bool { return o.code == "" }
