package gallerytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/store"
)

// Fleet is several nodes of one gallery, each the real program as a process of
// its own, over one PostgreSQL, one Redis and one directory of works.
type Fleet struct {
	PostgreSQL *servers.PostgreSQLServer
	Redis      *servers.RedisServer
	Source     string // the URL of the gallery's database, past all wires
	Database   string // its name
	Nodes      []*FleetNode

	tokens *auth.Tokens
}

// FleetNode is a node of a [Fleet] and the wires that it hangs on.
type FleetNode struct {
	*Process
	PostgreSQL, Redis *servers.Wire
}

// Nodes starts a fleet of n with further flags for each, and waits until all
// are ready. Everything ends with the test; when the test has failed, the ends
// of the nodes' logs are shown.
func Nodes(t testing.TB, n int, flags ...string) *Fleet {
	t.Helper()
	f := &Fleet{PostgreSQL: servers.PostgreSQL(t), Redis: servers.Redis(t)}
	f.Source = f.PostgreSQL.Database(t)
	f.Database = f.Source[strings.LastIndex(f.Source, "/")+1 : strings.LastIndex(f.Source, "?")]
	works, key := t.TempDir(), rand.Text()+rand.Text()
	keys, err := auth.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	f.tokens = auth.NewTokens(keys, 0, 0, time.Now)
	master := rand.Text() + rand.Text()
	for i := range n {
		node := &FleetNode{
			PostgreSQL: servers.Proxy(t, f.PostgreSQL.Addr),
			Redis:      servers.RedisProxy(t, f.Redis.Addr),
		}
		node.Process = Launch(t, append([]string{
			"--database", f.PostgreSQL.Through(node.PostgreSQL.Addr, f.Database),
			"--redis", "redis://" + node.Redis.Addr, "--redis-prefix", "fleet:",
			"--blobs", works, "--jwt-key", key, "--master-key", master,
		}, flags...)...)
		f.Nodes = append(f.Nodes, node)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("the end of the log of node %d:\n%s", i, ending(node.Log(), 30))
			}
		})
	}
	return f
}

// People makes accounts for n visitors, past the nodes: hashing a password for
// each would take longer than most tests. They visit the nodes in turn.
func (f *Fleet) People(t testing.TB, n int) []*Person {
	t.Helper()
	db, err := store.Open(t.Context(), f.Source, store.Options{})
	if err != nil {
		t.Fatalf("open the fleet's database: %v", err)
	}
	defer db.Close()
	people := make([]*Person, n)
	for i := range people {
		name := fmt.Sprintf("visitor-%s", strings.ToLower(rand.Text()[:10]))
		people[i] = &Person{House: f.Nodes[i%len(f.Nodes)].House, ID: uuid.Must(uuid.NewV7()).String(), Name: name, Email: name + "@example.com"}
		if people[i].Access, err = f.tokens.Access(people[i].ID, ""); err != nil {
			t.Fatalf("issue a token: %v", err)
		}
	}
	err = db.Write(t.Context(), func(tx *store.Tx) error {
		for _, p := range people {
			u := gallery.User{ID: p.ID, Username: p.Name, Email: p.Email, IsActive: true, CreatedAt: time.Now()}
			if err := tx.CreateUser(context.WithoutCancel(t.Context()), u, "!"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("make accounts: %v", err)
	}
	return people
}

// At is the person as a visitor of another node.
func (p *Person) At(h House) *Person {
	moved := *p
	moved.House = h
	return &moved
}

// ending is the last lines of a text.
func ending(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
