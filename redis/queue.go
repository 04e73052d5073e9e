package redis

const (
	// queueMost and queueBytes bound what may wait for the subscribers of one
	// channel. They are there for one that hangs: those that keep to their
	// promise are called within microseconds.
	queueMost  = 4096
	queueBytes = 8 << 20
)

// queue stands between the goroutine that reads from Redis, which must never
// wait, and the subscribers of one channel: one that is slow holds up its own
// channel only. All fields are guarded by Broker.mu.
type queue struct {
	letters []letter
	bytes   int
	busy    bool // a goroutine is handing out; it looks again before it ends
}

// letter is one call of the subscribers that were there when it was written:
// whoever joins while it waits does not get what is older than his joining.
type letter struct {
	members      []*subscription
	message      []byte
	resubscribed bool // Resubscribed instead of Receive
}

// post is called under mu and puts a letter behind the others.
func (b *Broker) post(ch *channel, l letter) {
	if len(l.members) == 0 {
		return
	}
	q := &ch.queue
	if len(q.letters) >= queueMost || q.bytes+len(l.message) > queueBytes && len(q.letters) > 0 {
		b.client.log.Warn("a subscriber is too slow: what waited for it is dropped and will be read again", "channel", ch.name, "messages", len(q.letters))
		clear(q.letters)
		q.letters, q.bytes = q.letters[:0], 0
		l = letter{members: l.members, resubscribed: true}
	}
	q.letters = append(q.letters, l)
	q.bytes += len(l.message)
	if !q.busy {
		q.busy = true
		b.handing.Go(func() { b.handOut(ch) })
	}
}

// handOut calls the subscribers of a channel until nothing is left to say. It
// is the only goroutine that does, so that they are called one after the other.
func (b *Broker) handOut(ch *channel) {
	var batch []letter
	for {
		b.mu.Lock()
		// The two slices change places: a channel that is busy allocates nothing.
		batch, ch.queue.letters = ch.queue.letters, batch[:0]
		ch.queue.bytes = 0
		if len(batch) == 0 {
			ch.queue.busy = false
			// An idle channel must not keep the room of its busiest moment.
			ch.queue.letters = nil
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		for _, l := range batch {
			for _, s := range l.members {
				switch {
				case s.ended.Load():
				case l.resubscribed:
					s.subscriber.Resubscribed()
				default:
					s.subscriber.Receive(l.message)
				}
			}
		}
		clear(batch) // lets go of the messages
	}
}
