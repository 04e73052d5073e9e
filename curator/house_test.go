package curator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/pubsub"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault"
	"invisibleart.example/gallery/websockets"
)

const password = "correct horse battery"

// house is a curator over real files, with ears on its broker.
type house struct {
	*curator.Curator
	t      testing.TB
	dir    string
	source string // of the store
	db     *store.DB
	broker pubsub.Broker
	tokens *auth.Tokens
	log    *syncBuffer
	stop   func() // ends Run and waits for it; may be called twice
}

// plan says how a house differs from the usual one.
type plan struct {
	dir       string // of another house, to share its files
	source    string // of the store; "" is a file in dir
	node      string
	idle      bool // does not Run
	broker    pubsub.Broker
	presence  presence.Tracker
	now       func() time.Time
	cost      auth.Cost
	maxUpload int64
	retention time.Duration
}

func open(t testing.TB, p plan) *house {
	t.Helper()
	h := &house{t: t, dir: p.dir, source: p.source, broker: p.broker, log: &syncBuffer{}, stop: func() {}}
	if h.dir == "" {
		h.dir = t.TempDir()
	}
	if h.source == "" {
		h.source = filepath.Join(h.dir, "gallery.db")
	}
	if h.broker == nil {
		h.broker = pubsub.NewMemory()
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.cost == (auth.Cost{}) {
		p.cost = auth.Cost{MemoryKiB: 8, Time: 1, Threads: 1} // the cheapest there is
	}
	var err error
	if h.db, err = store.Open(t.Context(), h.source, store.Options{Now: p.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	blobs, err := vault.OpenDir(h.works())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	masters, err := vault.ParseKeys(strings.Repeat("master", 6))
	if err != nil {
		t.Fatal(err)
	}
	signers, err := auth.ParseKeys(strings.Repeat("signer", 6))
	if err != nil {
		t.Fatal(err)
	}
	h.tokens = auth.NewTokens(signers, 0, 0, p.now)
	h.Curator, err = curator.New(curator.Config{
		DB: h.db, Vault: vault.New(blobs, masters),
		Tokens: h.tokens, Passwords: auth.NewPasswords(p.cost),
		Events: websockets.NewEventHandler(h.broker), Limits: ratelimit.New(ratelimit.Off(), p.now, nil),
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: p.now,
		Node: p.node, Presence: p.presence, MaxUpload: p.maxUpload, InboxRetention: p.retention,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !p.idle {
		h.run()
	}
	return h
}

// beside opens another house over the same store and works, with a broker of its
// own unless p shares one.
func (h *house) beside(p plan) *house {
	h.t.Helper()
	p.dir, p.source = h.dir, h.source
	return open(h.t, p)
}

// onBoth runs a test on an SQLite file and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, p plan)) {
	t.Run("SQLite", func(t *testing.T) { test(t, plan{}) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, plan{source: servers.Database(t)}) })
}

// run starts the curator's workers; stop, at the latest the end of the test,
// ends them.
func (h *house) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		var clock sync.WaitGroup
		clock.Go(func() { h.db.Run(ctx) })
		err := h.Run(ctx)
		clock.Wait()
		ended <- err
	}()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Errorf("run: got %v, want nil", err)
		}
	})
	h.t.Cleanup(h.stop)
}

func (h *house) works() string { return filepath.Join(h.dir, "works") }

// person registers somebody and signs them in.
func (h *house) person(name string, isArtist bool) auth.Identity {
	h.t.Helper()
	signed, err := h.Register(context.Background(), curator.Registration{
		Username: name, Email: name + "@example.org", Password: password, IsArtist: isArtist,
	})
	if err != nil {
		h.t.Fatalf("register %s: %v", name, err)
	}
	return h.bearer(signed.Access)
}

// people registers n people who are no artists.
func (h *house) people(prefix string, n int) []auth.Identity {
	h.t.Helper()
	list := make([]auth.Identity, n)
	for i := range list {
		list[i] = h.person(fmt.Sprintf("%s%d", prefix, i), false)
	}
	return list
}

func (h *house) bearer(token string) auth.Identity {
	h.t.Helper()
	who, err := h.Authenticate(context.Background(), auth.Credential{Kind: auth.KindBearer, Value: token})
	if err != nil {
		h.t.Fatalf("authenticate: %v", err)
	}
	return who
}

func views(n int64) gallery.Condition {
	return gallery.Condition{Measure: gallery.MeasureViews, Target: n}
}

func comments(n int64) gallery.Condition {
	return gallery.Condition{Measure: gallery.MeasureComments, Target: n}
}

func at(t time.Time) gallery.Condition {
	return gallery.Condition{Measure: gallery.MeasureTime, RevealAt: t}
}

const content = "a work that nobody has seen"

// hang hangs a work that waits for the conditions.
func (h *house) hang(artist auth.Identity, when gallery.RevealWhen, conditions ...gallery.Condition) gallery.Artwork {
	h.t.Helper()
	art, err := h.submit(artist, curator.Submission{Title: "Dusk", When: when, Conditions: conditions})
	if err != nil {
		h.t.Fatalf("hang: %v", err)
	}
	return art
}

func (h *house) submit(artist auth.Identity, s curator.Submission) (gallery.Artwork, error) {
	h.t.Helper()
	upload, err := h.Seal(context.Background(), artist, strings.NewReader(content))
	if err != nil {
		h.t.Fatalf("seal: %v", err)
	}
	s.Upload = upload
	return h.Hang(context.Background(), artist, s)
}

// read runs fn on the store behind the curator's back.
func (h *house) read(fn func(*store.Tx) error) {
	h.t.Helper()
	if err := h.db.Read(context.Background(), fn); err != nil {
		h.t.Fatalf("read store: %v", err)
	}
}

// inbox is everything in somebody's inbox, oldest first.
func (h *house) inbox(who auth.Identity) []gallery.Notification { return h.inboxAfter(who, 0) }

func (h *house) inboxAfter(who auth.Identity, after int) (list []gallery.Notification) {
	h.t.Helper()
	h.read(func(tx *store.Tx) (err error) {
		list, err = tx.InboxAfter(context.Background(), who.User.ID, int64(after), 100_000)
		return err
	})
	return list
}

func (h *house) inboxHead(who auth.Identity) int {
	h.t.Helper()
	head, err := h.InboxHead(context.Background(), who.User.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return int(head)
}

// types tells a list of notifications by what they are about.
func types(list []gallery.Notification) (t []string) {
	for _, n := range list {
		word := string(n.Data.Type)
		if n.Data.Type == gallery.ViewMilestone {
			word += fmt.Sprint(" ", n.Data.ViewCount)
		}
		t = append(t, word)
	}
	return t
}

// waiting is how many rows stand in the outbox.
func (h *house) waiting() (n int) {
	h.t.Helper()
	h.read(func(tx *store.Tx) error {
		// Every row is abandoned by then.
		events, err := tx.Outbox(context.Background(), "", time.Now().Add(100*365*24*time.Hour), 1_000_000)
		n = len(events)
		return err
	})
	return n
}

// eventually waits for something that happens by itself, as long as a busy
// machine may need.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not after a minute", what)
		}
	}
}

// refusedWith fails the test unless err has the code.
func refusedWith(t testing.TB, what string, err error, want gallery.Code) {
	t.Helper()
	if got := gallery.CodeOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

// locations lists the places an Invalid error names.
func locations(err error) (list []string) {
	if e, ok := err.(*gallery.Error); ok {
		for _, f := range e.Fields {
			list = append(list, f.Location)
		}
	}
	return list
}

// heard is one message of the broker, as the sockets get it.
type heard struct {
	Kind    gallery.EventKind
	Seq     int64
	Message json.RawMessage
	at      time.Time
}

// ear records what is published on one channel.
type ear struct {
	mu    sync.Mutex
	heard []heard
}

func (e *ear) Receive(message []byte) {
	h := heard{at: time.Now()}
	if err := json.Unmarshal(message, &h); err != nil {
		panic(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, h)
}

func (e *ear) Resubscribed() {}

func (e *ear) all() []heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]heard(nil), e.heard...)
}

// kinds tells what was heard.
func (e *ear) kinds() (kinds []gallery.EventKind) {
	for _, h := range e.all() {
		kinds = append(kinds, h.Kind)
	}
	return kinds
}

// await waits until n messages were heard.
func (e *ear) await(t testing.TB, n int) []heard {
	t.Helper()
	eventually(t, fmt.Sprintf("hear %d messages", n), func() bool { return len(e.all()) >= n })
	return e.all()
}

func (h *house) listen(channel string) *ear {
	h.t.Helper()
	e := &ear{}
	subscription, err := h.broker.Subscribe(context.Background(), channel, e)
	if err != nil {
		h.t.Fatalf("subscribe %s: %v", channel, err)
	}
	h.t.Cleanup(subscription.Unsubscribe)
	return e
}

// hands are those of a clock that is moved by hand, from 2030 on.
type hands struct{ ahead atomic.Int64 }

func (h *hands) now() time.Time {
	return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(h.ahead.Load()))
}

func (h *hands) forward(d time.Duration) { h.ahead.Add(int64(d)) }

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// hangMany hangs works of nothing but a row, each due at its instant, in one
// transaction, and lets the clock know as another process would: not at all.
func (h *house) hangMany(artist auth.Identity, n int, due func(i int) time.Time) (instants []time.Time) {
	h.t.Helper()
	ctx := context.Background()
	err := h.db.Write(ctx, func(tx *store.Tx) error {
		for i := range n {
			instant := due(i).Truncate(time.Microsecond)
			instants = append(instants, instant)
			err := tx.InsertArtwork(ctx, gallery.Artwork{
				ID: newID(), Title: "Dusk", Artist: artist.User.Ref(), RevealWhen: gallery.RevealAny,
				Conditions: []gallery.Condition{{ID: newID(), Measure: gallery.MeasureTime, RevealAt: instant}},
				CreatedAt:  time.Now(), UpdatedAt: time.Now(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return instants
}

// lines are those of the log that hold a text.
func (b *syncBuffer) lines(holding string) (lines []string) {
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, holding) {
			lines = append(lines, line)
		}
	}
	return lines
}
