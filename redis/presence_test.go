package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/presence"
	"invisibleart.example/gallery/presence/presencetest"
	"invisibleart.example/gallery/redis"
)

// The pace of tests that wait for hearts to stop.
const (
	quickBeat  = 160 * time.Millisecond
	quickLease = 3 * quickBeat
)

// lobby is a node as far as presence goes.
type lobby struct {
	*redis.Presence
	client *redis.Client
	rung   chan string // the works before which there was a rise
	stop   func()      // ends it in good order
}

// openLobby starts a node's tracker; what it shares with others is the prefix.
func openLobby(t testing.TB, url, prefix, name string, quick bool) *lobby {
	t.Helper()
	l := newLobby(t, url, prefix, name)
	if quick {
		l.SetPace(quickBeat, quickLease)
	}
	l.start(t)
	return l
}

func newLobby(t testing.TB, url, prefix, name string) *lobby {
	t.Helper()
	client, err := redis.Open(url, redis.Options{Prefix: prefix, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	l := &lobby{Presence: redis.NewPresence(client, name), client: client, rung: make(chan string, 10_000)}
	l.OnRise(func(artworkID string) {
		select {
		case l.rung <- artworkID:
		default:
		}
	})
	return l
}

// start runs the tracker, once it reaches Redis.
func (l *lobby) start(t testing.TB) {
	t.Helper()
	connections, disconnect := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	var links, own sync.WaitGroup
	links.Go(func() { _ = l.client.Run(connections) })
	l.stop = sync.OnceFunc(func() {
		cancel()
		own.Wait()
		disconnect()
		links.Wait()
		if err := l.client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(l.stop)
	within(t, "reach Redis", patience, l.client.IsUp)
	own.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Errorf("run: got error %v, want none", err)
		}
	})
}

// within waits until something is so, and returns how long that took.
func within(t testing.TB, what string, limit time.Duration, is func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for ; !is(); time.Sleep(2 * time.Millisecond) {
		if time.Since(begun) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
	return time.Since(begun)
}

// counts tells whether a tracker counts so many; frida is the artist.
func counts(t testing.TB, l *lobby, artworkID string, people, visitors int64) bool {
	t.Helper()
	got, err := l.Crowd(context.Background(), artworkID, "frida")
	if err != nil {
		t.Fatalf("count who is before %s: %v", artworkID, err)
	}
	return got == presence.Crowd{People: people, Visitors: visitors}
}

func awaitCrowd(t testing.TB, artworkID string, people, visitors int64, all ...*lobby) {
	t.Helper()
	for _, l := range all {
		presencetest.Await(t, l, artworkID, presence.Crowd{People: people, Visitors: visitors})
	}
}

// awaitRise waits until a rise before the work is told.
func awaitRise(t testing.TB, l *lobby, artworkID string) {
	t.Helper()
	for timeout := time.After(patience); ; {
		select {
		case id := <-l.rung:
			if id == artworkID {
				return
			}
		case <-timeout:
			t.Fatalf("no rise before %s was told within %v", artworkID, patience)
		}
	}
}

// calm forgets the rises that were told so far.
func calm(all ...*lobby) {
	for _, l := range all {
		for len(l.rung) > 0 {
			<-l.rung
		}
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	for kind, start := range map[string]func(t *testing.T) (url string){
		"one server": func(t *testing.T) string { return servers.Redis(t).URL },
		"Cluster":    func(t *testing.T) string { return servers.RedisCluster(t).URL },
	} {
		t.Run(kind, func(t *testing.T) {
			url, gallery := start(t), 0
			presencetest.Exercise(t, func(t *testing.T) (a, b presence.Tracker) {
				gallery++
				prefix := fmt.Sprintf("gallery %d:", gallery)
				return openLobby(t, url, prefix, "a", false), openLobby(t, url, prefix, "b", false)
			})
		})
	}
}

// TestPresenceOfADeadNode: a node that says nothing any more takes its people
// away, and brings them back when it was only cut off.
func TestPresenceOfADeadNode(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	a, b := openLobby(t, "redis://"+wire.Addr, "", "a", true), openLobby(t, server.URL, "", "b", true)
	a.Enter("dusk", "diego")
	a.Enter("dusk", "lupe")
	a.Enter("dusk", "")
	b.Enter("dusk", "diego")
	awaitCrowd(t, "dusk", 2, 3, a, b)
	wire.Cut()
	awaitCrowd(t, "dusk", 1, 1, b)
	awaitCrowd(t, "dusk", 2, 3, a) // what it knows itself
	calm(a, b)
	wire.Heal(t)
	awaitCrowd(t, "dusk", 2, 3, a, b)
	awaitRise(t, a, "dusk")
}

// TestPresenceLease holds the real figures: a dead node's people are gone within
// 15 s, and one lost beat costs nobody their place.
func TestPresenceLease(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	a, b := openLobby(t, "redis://"+wire.Addr, "", "a", false), openLobby(t, server.URL, "", "b", false)
	a.Enter("dusk", "diego")
	awaitCrowd(t, "dusk", 1, 1, b)
	left := func() time.Duration { return lease(t, server, "dusk", "a") }
	within(t, "a lease that outlasts two beats", patience, func() bool { return left() > 8*time.Second })
	wire.Cut()
	begun, rest := time.Now(), left()
	within(t, "the dead node's people are gone", 15*time.Second, func() bool {
		// A busy machine may not let Redis answer in time: then b counts its own.
		return counts(t, b, "dusk", 0, 0) && server.Do(t, "EXISTS", "gallery:{presence:dusk}:users") == "0"
	})
	took := time.Since(begun)
	if took < rest-10*time.Millisecond { // Redis counts in milliseconds
		t.Errorf("the people of a node that was cut off stayed for %v, want them to have the %v of their lease", took, rest)
	}
	t.Logf("gone after %v", took)
}

// lease is how long Redis goes on counting a node's people without a word from it.
func lease(t testing.TB, server *servers.RedisServer, artworkID, node string) time.Duration {
	t.Helper()
	text := server.Do(t, "EVAL", `local time = redis.call('TIME')
		local rest = redis.call('ZSCORE', KEYS[1], ARGV[1]) - time[1] * 1000 - time[2] / 1000
		return math.floor(rest)`, "1", "gallery:{presence:"+artworkID+"}:nodes", node)
	return time.Duration(number(t, text)) * time.Millisecond
}

// TestPresenceAfterRedisForgot: Redis comes back empty, and within a beat of its
// return everybody is counted again, and judged for it.
func TestPresenceAfterRedisForgot(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	a, b := openLobby(t, server.URL, "", "a", false), openLobby(t, server.URL, "", "b", false)
	a.Enter("dusk", "diego")
	leave := a.Enter("dusk", "chavela")
	b.Enter("dusk", "lupe")
	b.Enter("dusk", "")
	awaitCrowd(t, "dusk", 3, 4, a, b)
	calm(a, b)
	server.Kill(t)
	leave()
	a.Enter("dawn", "diego")
	server.Start(t)
	took := within(t, "everybody is counted again", 7*time.Second, func() bool {
		return counts(t, a, "dusk", 2, 3) && counts(t, b, "dusk", 2, 3) && counts(t, b, "dawn", 1, 1)
	})
	t.Logf("counted again after %v", took)
	awaitRise(t, a, "dusk")
	awaitRise(t, b, "dusk")
}

// TestPresenceHealsWhatRedisLost, key by key, as a fail-over to a replica that is
// behind may lose it.
func TestPresenceHealsWhatRedisLost(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	a, b := openLobby(t, server.URL, "", "a", true), openLobby(t, server.URL, "", "b", true)
	leaves := []func(){a.Enter("dusk", "diego"), a.Enter("dusk", ""), b.Enter("dusk", "diego"), b.Enter("dusk", "lupe")}
	awaitCrowd(t, "dusk", 2, 3, a, b)
	key := "gallery:{presence:dusk}:"
	for _, loss := range [][]string{
		{"FLUSHALL"}, {"SCRIPT", "FLUSH"}, {"DEL", key + "nodes"}, {"DEL", key + "users"}, {"DEL", key + "anonymous"}, {"DEL", key + "of:a"},
		{"SREM", key + "of:b", "lupe"},
		{"EVAL", `redis.call('SADD', KEYS[1], 'ghost') return redis.call('HINCRBY', KEYS[2], 'ghost', 1)`, "2", key + "of:b", key + "users"},
	} {
		server.Do(t, loss...)
		within(t, fmt.Sprintf("Redis has everything again after %q", loss), patience, func() bool {
			return server.Do(t, "EVAL", presenceOfAAndB, "1", key) == "diego, diego lupe, 2 and 1 of 2, 1, 2"
		})
		awaitCrowd(t, "dusk", 2, 3, a, b)
	}
	a.Enter("dusk", "chavela") // who stays, or else the keys would soon be gone, right or wrong
	for _, leave := range leaves {
		leave()
	}
	awaitCrowd(t, "dusk", 1, 1, a, b)
}

// presenceOfAAndB shows all that Redis has: the people of a and of b, on how many
// nodes diego and lupe are and how many people there are, the anonymous of a, how
// many nodes.
const presenceOfAAndB = `local key = KEYS[1]
	local function people(node) return table.concat(redis.call('SORT', key .. 'of:' .. node, 'ALPHA'), ' ') end
	local function on(person) return tostring(redis.call('HGET', key .. 'users', person)) end
	return people('a') .. ', ' .. people('b') .. ', ' .. on('diego') .. ' and ' .. on('lupe') .. ' of ' .. redis.call('HLEN', key .. 'users')
		.. ', ' .. tostring(redis.call('HGET', key .. 'anonymous', 'a')) .. ', ' .. redis.call('ZCARD', key .. 'nodes')`

// TestPresenceWhileRedisIsAway: each node counts its own, at once, and is told
// of the rise.
func TestPresenceWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	a, b := openLobby(t, server.URL, "", "a", true), openLobby(t, server.URL, "", "b", true)
	b.Enter("dusk", "lupe")
	awaitCrowd(t, "dusk", 1, 1, a)
	server.Kill(t)
	within(t, "notice that Redis is away", patience, func() bool { return !a.client.IsUp() })
	calm(a)
	begun := time.Now()
	for i := range 1000 {
		a.Enter("dusk", fmt.Sprint("visitor ", i))
		if got, err := a.Crowd(t.Context(), "dusk", "frida"); err != nil || got.People != int64(i+1) {
			t.Fatalf("count without Redis: got %+v and error %v, want %d people", got, err, i+1)
		}
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("a thousand counts without Redis took %v", took)
	}
	awaitRise(t, a, "dusk")
	leaves := make([]func(), 5000)
	for i := range leaves {
		leaves[i] = a.Enter("dawn", fmt.Sprint("passer-by ", i))
	}
	for _, leave := range leaves {
		leave()
	}
	calm(a, b)
	server.Start(t)
	awaitCrowd(t, "dusk", 1001, 1001, a, b)
	awaitCrowd(t, "dawn", 0, 0, a, b)
	awaitRise(t, a, "dusk")
	within(t, "forget the work that nobody is before", patience, func() bool { return a.Rooms() == 1 })
}

// TestPresenceCountedInTheDark: who counts for a work that nobody of this node
// is before, and cannot ask Redis, is told to count again when it answers.
func TestPresenceCountedInTheDark(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	a, b := openLobby(t, "redis://"+wire.Addr, "", "a", true), openLobby(t, server.URL, "", "b", true)
	b.Enter("dusk", "lupe")
	wire.Cut()
	within(t, "count without Redis", patience, func() bool { return counts(t, a, "dusk", 0, 0) })
	wire.Heal(t)
	awaitRise(t, a, "dusk")
	awaitCrowd(t, "dusk", 1, 1, a)
	within(t, "forget the work", patience, func() bool { return a.Rooms() == 0 })
}

// TestPresenceHoldsNobodyUp: Redis is there and does not answer.
func TestPresenceHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	a := openLobby(t, "redis://"+wire.Addr, "", "a", true)
	a.Enter("dusk", "diego")
	awaitCrowd(t, "dusk", 1, 1, a)
	wire.Stall()
	for range 5 {
		begun := time.Now()
		a.Enter("dusk", "diego")()
		if took := time.Since(begun); took > 100*time.Millisecond {
			t.Errorf("enter and leave took %v, want no waiting", took)
		}
		begun = time.Now()
		if !counts(t, a, "dusk", 1, 1) {
			t.Error("a node does not count its own while Redis does not answer")
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("a count took %v, want at most 250 ms", took)
		}
	}
}

// TestPresenceRisesWhenRedisKnows, however long that takes: a rise told before
// would have somebody count too early, and nobody count again.
func TestPresenceRisesWhenRedisKnows(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	near, far := openLobby(t, server.URL, "", "a", false), openLobby(t, "redis://"+wire.Addr, "", "b", false)
	near.Enter("dusk", "diego")
	awaitCrowd(t, "dusk", 1, 1, near, far)
	wire.Delay(100 * time.Millisecond)
	far.Enter("dusk", "lupe")
	awaitRise(t, far, "dusk")
	// Not through a node, which would count its own on a machine that is too busy.
	if got := server.Do(t, "HLEN", "gallery:{presence:dusk}:users"); got != "2" {
		t.Errorf("people that others could count when the rise was told: got %s, want 2", got)
	}
}

// TestPresenceOfManyAtOnce: so many come together that Redis is told of them in
// several parts; the rise that counts is the one after the last.
func TestPresenceOfManyAtOnce(t *testing.T) {
	t.Parallel()
	const people = 1700
	server := servers.Redis(t)
	other := openLobby(t, server.URL, "", "b", false)
	other.Enter("dusk", "lupe")
	many := newLobby(t, server.URL, "", "a")
	for i := range people {
		many.Enter("dusk", fmt.Sprint("visitor ", i))
	}
	awaitCrowd(t, "dusk", 1, 1, other)
	many.start(t)
	for most := int64(0); most < people+1; {
		awaitRise(t, many, "dusk")
		c, err := many.Crowd(t.Context(), "dusk", "frida")
		if err != nil {
			t.Fatal(err)
		}
		most = c.People
	}
	awaitCrowd(t, "dusk", people+1, people+1, other)
}

// TestPresenceOfNewsWithoutAnAnswer: Redis has taken that one came and one went,
// the node does not get to know, and by the time it tells again both have
// thought better of it. As many are there as it believes Redis has, but others.
func TestPresenceOfNewsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	a := newLobby(t, "redis://"+wire.Addr, "", "a")
	a.SetPace(time.Hour, time.Hour) // tells when something happens, and only then
	a.start(t)
	people := func() string { return server.Do(t, "SMEMBERS", "gallery:{presence:dusk}:of:a") }
	goLupe := a.Enter("dusk", "lupe")
	awaitRise(t, a, "dusk")
	wire.Delay(300 * time.Millisecond)
	a.Enter("dusk", "")
	// While that is under way more news gather, to be told together.
	goDiego := a.Enter("dusk", "diego")
	goLupe()
	within(t, "Redis has taken them", patience, func() bool { return people() == "diego" })
	// While the answer is under way.
	goDiego()
	a.Enter("dusk", "lupe")
	wire.Reset()
	wire.Delay(0)
	within(t, "Redis knows who is there", patience, func() bool {
		a.Enter("dusk", "")() // has it tell
		return people() == "lupe"
	})
}

// TestPresenceLeavesNothing behind, in Redis and in memory.
func TestPresenceLeavesNothing(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	a, b := openLobby(t, server.URL, "", "a", true), openLobby(t, server.URL, "", "b", true)
	var leaves []func()
	for i := range 200 {
		who := ""
		if i%3 > 0 {
			who = fmt.Sprint("visitor ", i%50)
		}
		work := fmt.Sprint("work ", i%7)
		leaves = append(leaves, a.Enter(work, who), b.Enter(work, who))
	}
	within(t, "tell Redis", patience, func() bool { return strings.Contains(server.Do(t, "KEYS", "*"), "work 6") })
	if life := server.Do(t, "EVAL", `local least = 0
		for i, key in ipairs(redis.call('KEYS', '*')) do
			local life = redis.call('PTTL', key)
			if i == 1 or life < least then least = life end
		end
		return least`, "0"); strings.HasPrefix(life, "-") || life == "0" {
		t.Errorf("shortest life of a key: got %s, want an end for every one", life)
	}
	for _, leave := range leaves {
		leave()
	}
	within(t, "forget everything", patience, func() bool {
		return server.Do(t, "KEYS", "*") == "" && a.Rooms() == 0 && b.Rooms() == 0
	})
}

// TestPresenceFarewell: a node that ends takes its people away at once.
func TestPresenceFarewell(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	a, b := openLobby(t, server.URL, "", "a", false), openLobby(t, server.URL, "", "b", false)
	a.Enter("dusk", "diego")
	a.Enter("dusk", "")
	b.Enter("dusk", "lupe")
	awaitCrowd(t, "dusk", 2, 3, a, b)
	a.stop()
	// Not through b, which would count its own on a machine that is too busy.
	if got := server.Do(t, "HKEYS", "gallery:{presence:dusk}:users"); got != "lupe" {
		t.Errorf("people right after a node has ended in good order: got %q, want lupe", got)
	}
}

// TestPresenceOfANameTakenTwice: a node died and is back under its name before
// its lease was over, with fewer people.
func TestPresenceOfANameTakenTwice(t *testing.T) {
	t.Parallel()
	server := servers.Redis(t)
	wire := servers.Proxy(t, server.Addr)
	first, other := openLobby(t, "redis://"+wire.Addr, "", "a", false), openLobby(t, server.URL, "", "b", false)
	for i := range 20 {
		first.Enter("dusk", fmt.Sprint("visitor ", i))
	}
	awaitCrowd(t, "dusk", 20, 20, other)
	wire.Cut()
	second := openLobby(t, server.URL, "", "a", false)
	second.Enter("dusk", "visitor 3")
	second.Enter("dusk", "lupe")
	awaitCrowd(t, "dusk", 2, 2, second, other)
}

// TestPresenceInACluster outlives the death of the master that keeps the count.
func TestPresenceInACluster(t *testing.T) {
	t.Parallel()
	cluster := servers.RedisCluster(t)
	a, b := openLobby(t, cluster.URL, "", "a", true), openLobby(t, cluster.URL, "", "b", true)
	a.Enter("dusk", "diego")
	b.Enter("dusk", "lupe")
	awaitCrowd(t, "dusk", 2, 2, a, b)
	cluster.FailOver(t, "gallery:{presence:dusk}:users")
	b.Enter("dusk", "chavela")
	awaitCrowd(t, "dusk", 3, 3, a, b)
}

// TestPresenceStorm: whatever comes and goes while wires are cut and Redis dies,
// in the end the count is exact.
func TestPresenceStorm(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	server := servers.Redis(t)
	lobbies, wires := make([]*lobby, 3), make([]*servers.Wire, 3)
	for i := range lobbies {
		wires[i] = servers.Proxy(t, server.Addr)
		lobbies[i] = openLobby(t, "redis://"+wires[i].Addr, "", fmt.Sprint("node ", i), true)
	}
	var mu sync.Mutex
	here := map[string]int{} // sockets by person, on all nodes
	var all sync.WaitGroup
	end := time.Now().Add(4 * time.Second)
	for i, l := range lobbies {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			type socket struct {
				who   string
				leave func()
			}
			var open []socket
			for time.Now().Before(end) {
				if len(open) > 0 && (len(open) > 400 || r.IntN(2) == 0) {
					n := r.IntN(len(open))
					s := open[n]
					open[n] = open[len(open)-1]
					open = open[:len(open)-1]
					s.leave()
					mu.Lock()
					if here[s.who]--; here[s.who] == 0 {
						delete(here, s.who)
					}
					mu.Unlock()
				} else {
					who := fmt.Sprint("visitor ", r.IntN(600))
					open = append(open, socket{who, l.Enter("dusk", who)})
					mu.Lock()
					here[who]++
					mu.Unlock()
				}
				if r.IntN(20) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	all.Go(func() {
		r := rand.New(rand.NewPCG(seed, 99))
		for time.Now().Before(end) {
			time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
			switch w := wires[r.IntN(len(wires))]; r.IntN(4) {
			case 0:
				w.Reset()
			case 1:
				w.Cut()
				time.Sleep(time.Duration(r.IntN(700)) * time.Millisecond)
				w.Heal(t)
			case 2:
				w.Stall()
				time.Sleep(time.Duration(r.IntN(700)) * time.Millisecond)
				w.Heal(t)
			case 3:
				server.Kill(t)
				server.Start(t)
			}
		}
	})
	all.Wait()
	awaitCrowd(t, "dusk", int64(len(here)), int64(len(here)), lobbies...)
}
