package servers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"invisibleart.example/gallery/gallerytest/servers"
)

func TestDatabasesAreFresh(t *testing.T) {
	for range 2 {
		conn, err := pgx.Connect(t.Context(), servers.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "CREATE TABLE works (id TEXT)"); err != nil {
			t.Error(err)
		}
		conn.Close(t.Context())
	}
}

// TestPostgreSQLKeepsWhatCommitted: the fault tests rely on it.
func TestPostgreSQLKeepsWhatCommitted(t *testing.T) {
	p := servers.PostgreSQL(t)
	source := p.Database(t)
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	p.Exec(t, name, "CREATE TABLE works (id BIGINT)")
	for i, end := range []func(testing.TB){p.Stop, p.Kill} {
		p.Exec(t, name, "INSERT INTO works VALUES (1)")
		end(t)
		p.Start(t)
		conn, err := pgx.Connect(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		var got int
		if err := conn.QueryRow(t.Context(), "SELECT COUNT(*) FROM works").Scan(&got); err != nil || got != i+1 {
			t.Errorf("got %d rows (%v), want %d", got, err, i+1)
		}
		conn.Close(t.Context())
	}
}

func TestRedisForgetsAndReturns(t *testing.T) {
	r := servers.Redis(t)
	for _, end := range []func(testing.TB){r.Stop, r.Kill} {
		r.Do(t, "SET", "work", "hidden")
		end(t)
		r.Start(t)
		if got := r.Do(t, "GET", "work"); got != "" {
			t.Errorf("got %q after the start, want nothing", got)
		}
	}
}

func TestClusterFailsOver(t *testing.T) {
	c := servers.RedisCluster(t)
	first := c.FailOver(t, "work")
	c.Master(t, "work").Do(t, "SET", "work", "hidden")
	first.Start(t) // as a replica of the new one
	if second := c.Master(t, "work"); second == first {
		t.Errorf("the master is %s, which was dead", second.Addr)
	}
}

func TestSentinelsFailOver(t *testing.T) {
	s := servers.RedisSentinel(t)
	first := s.FailOver(t)
	if got := s.Master(t); got == first {
		t.Errorf("the master is %s, which is dead", got.Addr)
	}
	s.Master(t).Do(t, "SET", "work", "hidden")
}
