package websockets_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// wall is a gallery in memory, for the tests of orderings and failures that
// the real one would have to be persuaded to. What its methods change is
// "committed" when they return; telling the sockets is the test's business.
type wall struct {
	mu            sync.Mutex
	works         map[string]gallery.ArtworkState
	inboxes       map[string][]gallery.Notification
	heads         map[string]int64
	read          map[string]int64 // per user, what mark_read has reached
	announcements []gallery.Announcement
	identities    map[string]auth.Identity // by credential value
	spent         map[string]bool          // tickets
	revoked       map[string]bool          // session ids
	pages         int                      // how often InboxAfter was asked
	broken        error                    // what every method fails with, nil when in order
	full          error                    // the same for those that write

	refused int                 // how often a method failed with broken
	present map[string][]string // by artwork, who has a socket before it, "" for nobody known

	// stateRead, when set, is called when an artwork's state has been read and
	// not yet returned: what happens in it makes that read a stale one.
	stateRead func(id string)
	// authenticated, when set, is called when a credential was found good.
	authenticated func()
	// reauthenticated, when set, is called when an identity was found to hold,
	// before that is answered.
	reauthenticated func()
	// headRead is the same for an inbox's head.
	headRead func(userID string)
}

func newWall() *wall {
	return &wall{
		works:   map[string]gallery.ArtworkState{},
		inboxes: map[string][]gallery.Notification{},
		heads:   map[string]int64{}, read: map[string]int64{},
		identities: map[string]auth.Identity{},
		spent:      map[string]bool{}, revoked: map[string]bool{},
		present: map[string][]string{},
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// hang adds a hidden work.
func (w *wall) hang(title string) gallery.ArtworkState {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := gallery.ArtworkState{ID: newID(), Title: title, Artist: "frida"}
	w.works[a.ID] = a
	return a
}

func (w *wall) reveal(id string) gallery.ArtworkState {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.works[id]
	a.IsRevealed = true
	w.works[id] = a
	return a
}

func (w *wall) take(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.works, id)
}

// enrol adds a user who is signed in for the given time, and returns the
// access token.
func (w *wall) enrol(name string, life time.Duration) (token string, who auth.Identity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	who = auth.Identity{
		User:      gallery.User{ID: newID(), Username: name, IsActive: true},
		SessionID: newID(), IssuedAt: now, ExpiresAt: now.Add(life),
	}
	token = "token-of-" + who.User.ID
	w.identities[token] = who
	return token, who
}

// again is another session of the same user.
func (w *wall) again(who auth.Identity) (token string, second auth.Identity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	who.SessionID = newID()
	token = "token-of-session-" + who.SessionID
	w.identities[token] = who
	return token, who
}

func (w *wall) revoke(sessionID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked[sessionID] = true
}

// notify adds n entries to somebody's inbox.
func (w *wall) notify(userID string, n int) []gallery.Notification {
	w.mu.Lock()
	defer w.mu.Unlock()
	added := make([]gallery.Notification, n)
	for i := range added {
		w.heads[userID]++
		seq := w.heads[userID]
		added[i] = gallery.Notification{
			ID: newID(), RecipientID: userID, Seq: seq,
			Message:   gallery.CommentSentence("Untitled"),
			Data:      gallery.NotificationData{Type: gallery.NewComment, ArtworkID: newID(), CommentID: newID(), User: fmt.Sprintf("visitor %d", seq)},
			CreatedAt: time.Now(),
		}
	}
	w.inboxes[userID] = append(w.inboxes[userID], added...)
	return added
}

// purge forgets the entries up to seq; the head stays.
func (w *wall) purge(userID string, seq int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inboxes[userID] = slices.DeleteFunc(w.inboxes[userID], func(n gallery.Notification) bool { return n.Seq <= seq })
}

func (w *wall) announce(message string) gallery.Announcement {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := gallery.Announcement{ID: newID(), Number: int64(len(w.announcements)) + 1, Message: message, CreatedAt: time.Now()}
	w.announcements = append(w.announcements, a)
	return a
}

// numbers tells the number of each announcement.
func (w *wall) numbers() map[string]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]int64, len(w.announcements))
	for _, a := range w.announcements {
		all[a.ID] = a.Number
	}
	return all
}

// breakDown has every method fail with err, nil to mend it.
func (w *wall) breakDown(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = err
}

// fillDisk has the methods that write fail with err, nil to make room.
func (w *wall) fillDisk(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.full = err
}

// answer is what a method fails with. The caller holds the lock.
func (w *wall) answer() error {
	if w.broken != nil {
		w.refused++
	}
	return w.broken
}

// refusals is how often it was asked in vain.
func (w *wall) refusals() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// awaitAsked waits until it was asked n times in vain.
func (w *wall) awaitAsked(t testing.TB, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("be asked %d times in vain", n), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.refused >= n
	})
}

func (w *wall) onStateRead(f func(id string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stateRead = f
}

func (w *wall) onHeadRead(f func(userID string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.headRead = f
}

func (w *wall) onAuthenticated(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.authenticated = f
}

func (w *wall) onReauthenticated(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reauthenticated = f
}

// issueTicket makes a ticket for somebody, which opens one socket.
func (w *wall) issueTicket(ticket string, who auth.Identity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.identities[ticket] = who
}

func (w *wall) pagesRead() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pages
}

func (w *wall) readUpTo(userID string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read[userID]
}

// The methods of websockets.Gallery.

func (w *wall) Authenticate(_ context.Context, c auth.Credential) (auth.Identity, error) {
	w.mu.Lock()
	who, err, hook := w.identities[c.Value], w.answer(), w.authenticated
	if who.IsAnonymous() || w.revoked[who.SessionID] || w.spent[c.Value] || !time.Now().Before(who.ExpiresAt) {
		err = cmp.Or(err, error(gallery.Errorf(gallery.Unauthorized, "The token is not valid.")))
	}
	if c.Kind == auth.KindTicket {
		w.spent[c.Value] = true
	}
	w.mu.Unlock()
	if hook != nil && err == nil {
		hook()
	}
	return who, err
}

func (w *wall) Reauthenticate(_ context.Context, who auth.Identity) error {
	w.mu.Lock()
	err, hook := w.answer(), w.reauthenticated
	if err == nil && w.revoked[who.SessionID] {
		err = gallery.Errorf(gallery.Unauthorized, "The token is not valid.")
	}
	w.mu.Unlock()
	if hook != nil && err == nil {
		hook()
	}
	return err
}

func (w *wall) Enter(artworkID string, who auth.Identity) (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.present[artworkID] = append(w.present[artworkID], who.User.ID)
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		i := slices.Index(w.present[artworkID], who.User.ID)
		w.present[artworkID] = slices.Delete(w.present[artworkID], i, i+1)
	})
}

// before lists who has a socket before a work, sorted.
func (w *wall) before(artworkID string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(slices.Values(w.present[artworkID]))
}

func (w *wall) ArtworkState(_ context.Context, id string) (gallery.ArtworkState, error) {
	w.mu.Lock()
	a, known := w.works[id]
	err, hook := w.answer(), w.stateRead
	w.mu.Unlock()
	if hook != nil {
		hook(id)
	}
	if err == nil && !known {
		err = gallery.Errorf(gallery.NotFound, "There is no such artwork.")
	}
	return a, err
}

func (w *wall) InboxHead(_ context.Context, userID string) (int64, error) {
	w.mu.Lock()
	head, err, hook := w.heads[userID], w.answer(), w.headRead
	w.mu.Unlock()
	if hook != nil {
		hook(userID)
	}
	return head, err
}

func (w *wall) InboxAfter(_ context.Context, userID string, after int64, limit int) ([]gallery.Notification, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages++
	list := w.inboxes[userID]
	first, _ := slices.BinarySearchFunc(list, after+1, func(n gallery.Notification, seq int64) int { return cmp.Compare(n.Seq, seq) })
	return slices.Clone(list[first:min(first+limit, len(list))]), w.answer()
}

func (w *wall) AnnouncementHead(context.Context) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return int64(len(w.announcements)), w.answer()
}

func (w *wall) AnnouncementsAfter(_ context.Context, after int64, limit int) ([]gallery.Announcement, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.announcements[min(int(after), len(w.announcements)):]
	return slices.Clone(rest[:min(limit, len(rest))]), w.answer()
}

func (w *wall) MarkReadUpTo(_ context.Context, userID string, seq int64) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := cmp.Or(w.answer(), w.full); err != nil {
		return 0, err
	}
	w.read[userID] = min(max(w.read[userID], seq), w.heads[userID])
	return w.heads[userID] - w.read[userID], nil
}
