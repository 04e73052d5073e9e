package redis

// room is what stands before one work on this node, and what Redis has been told
// of that. Presence.mu guards it.
type room struct {
	artworkID string
	people    map[string]*person  // those here, and those whom Redis still takes for here
	here      int64               // of them, the people here
	anonymous int64               // sockets
	changed   map[string]struct{} // of people: those of whom Redis may have to be told

	known int  // people of this node that Redis has, as far as we know
	said  bool // something was sent to Redis, so it may have something
	fresh bool // it is to forget first whatever it has of this node

	phase roomPhase
	again bool // something has changed while it was being told
	due   int  // the tick at which to tell even if nothing changes

	grown bool // the number here has grown, and nobody was told of the rise
	doubt bool // somebody may have counted without the other nodes
}

// person is somebody signed in.
type person struct {
	sockets int
	known   bool // to Redis, as far as we know
}

type roomPhase uint8

const (
	roomRests roomPhase = iota
	roomWaits           // in the queue
	roomTells           // a teller has it
)

func (r *room) enter(userID string) {
	if userID == "" {
		r.anonymous++
		return
	}
	who := r.people[userID]
	if who == nil {
		who = &person{}
		r.people[userID] = who
	}
	if who.sockets++; who.sockets == 1 {
		r.here++
		r.grown = true
		r.changed[userID] = struct{}{}
	}
}

func (r *room) leave(userID string) {
	if userID == "" {
		r.anonymous--
		return
	}
	who := r.people[userID]
	if who.sockets--; who.sockets > 0 {
		return
	}
	r.here--
	if !who.known && r.phase != roomTells {
		// Redis never heard of them. Kept, they would pile up while it is away.
		delete(r.people, userID)
		delete(r.changed, userID)
		return
	}
	r.changed[userID] = struct{}{}
}

// isEmpty tells whether nobody is here and Redis knows it.
func (r *room) isEmpty() bool {
	return len(r.people) == 0 && r.anonymous == 0 && !r.said && !r.grown && !r.doubt
}

// news is what Redis is told at a time.
type news struct {
	fresh      bool
	known      int
	anonymous  int64
	come, gone []string
}

// mostNews is how many people are told of at a time: a script holds up all
// others that Redis serves while it runs.
const mostNews = 500

// collect takes what is next to be told.
func (r *room) collect() (n news) {
	n = news{fresh: r.fresh, known: r.known, anonymous: r.anonymous}
	for userID := range r.changed {
		if len(n.come)+len(n.gone) == mostNews {
			break
		}
		delete(r.changed, userID)
		switch who := r.people[userID]; {
		case who.sockets > 0 && !who.known:
			n.come = append(n.come, userID)
		case who.sockets == 0 && who.known:
			n.gone = append(n.gone, userID)
		case who.sockets == 0:
			delete(r.people, userID)
		}
	}
	return n
}

// told notes that Redis has taken the news. Who has left or come back meanwhile
// is in changed already.
func (r *room) told(n news) {
	r.fresh = false
	for _, userID := range n.come {
		r.people[userID].known = true
	}
	for _, userID := range n.gone {
		who := r.people[userID]
		who.known = false
		if who.sockets == 0 {
			delete(r.people, userID)
			delete(r.changed, userID) // was back, and has left again
		}
	}
	r.known += len(n.come) - len(n.gone)
	// With nobody known and no anonymous, Redis has just forgotten this node.
	r.said = r.known > 0 || n.anonymous > 0
}

// anew has everybody told again: Redis has other people of this node than we
// thought, or nobody knows which.
func (r *room) anew() {
	r.known, r.fresh = 0, true
	clear(r.changed)
	for userID, who := range r.people {
		who.known = false
		if who.sockets == 0 {
			delete(r.people, userID)
		} else {
			r.changed[userID] = struct{}{}
		}
	}
}

// lost notes that nobody knows what became of the news. Told again as it was, it
// might leave Redis with the wrong people in the right number, which nothing
// would find: those in it may come back or leave before that.
func (r *room) lost(n news) {
	switch {
	case len(n.come)+len(n.gone) == 0:
	case !r.fresh:
		r.anew()
	default: // all are to be told anew as it is
		for _, userID := range n.come {
			r.changed[userID] = struct{}{}
		}
	}
}
