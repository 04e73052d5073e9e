package redis_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"invisibleart.example/gallery/redis"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		urls, addresses                  string
		user, password, master           string
		sentinelUser, sentinelPassword   string
		db                               int
		secure, secureSentinels, isFault bool
	}{
		{urls: "redis://localhost", addresses: "localhost:6379"},
		{urls: "redis://localhost:7000", addresses: "localhost:7000"},
		{urls: "redis://localhost:7000/", addresses: "localhost:7000"},
		{urls: "redis://localhost/3", addresses: "localhost:6379", db: 3},
		{urls: "redis://:secret@localhost", addresses: "localhost:6379", password: "secret"},
		{urls: "redis://me:se%2Fcr%40t@localhost/1", addresses: "localhost:6379", user: "me", password: "se/cr@t", db: 1},
		{urls: "redis://me:a@b@localhost", addresses: "localhost:6379", user: "me", password: "a@b"},
		{urls: "redis://[::1]:7000", addresses: "[::1]:7000"},
		{urls: "redis://[::1]", addresses: "[::1]:6379"},
		{urls: "rediss://me:secret@redis.example:7000", addresses: "redis.example:7000", user: "me", password: "secret", secure: true},
		{urls: "redis://a:1,redis://b:2,redis://c", addresses: "a:1 b:2 c:6379"},
		{urls: "redis://me:secret@a:1,redis://b:2", addresses: "a:1 b:2", user: "me", password: "secret"},
		{urls: "redis://me:secret@a:1,redis://me:secret@b:2", addresses: "a:1 b:2", user: "me", password: "secret"},
		{urls: "rediss://a:1,rediss://b:2", addresses: "a:1 b:2", secure: true},
		{urls: "sentinel://a:1,b:2,c/main", addresses: "a:1 b:2 c:26379", master: "main"},
		{urls: "sentinel://me:se%2Fcret@a,b/main?db=2", addresses: "a:26379 b:26379", user: "me", password: "se/cret", master: "main", db: 2},
		{urls: "sentinel://:x@[::1]:5/main?sentinel-user=s&sentinel-password=p%26q&tls=true", addresses: "[::1]:5", password: "x", master: "main", sentinelUser: "s", sentinelPassword: "p&q", secure: true, secureSentinels: true},

		{urls: "", isFault: true},
		{urls: "localhost:6379", isFault: true},
		{urls: "http://localhost", isFault: true},
		{urls: "redis://", isFault: true},
		{urls: "redis://:6379", isFault: true},
		{urls: "redis://localhost:0", isFault: true},
		{urls: "redis://localhost:65536", isFault: true},
		{urls: "redis://localhost:port", isFault: true},
		{urls: "redis://localhost/one", isFault: true},
		{urls: "redis://localhost/-1", isFault: true},
		{urls: "redis://localhost/1/2", isFault: true},
		{urls: "redis://localhost?db=1", isFault: true},
		{urls: "redis://localhost#1", isFault: true},
		{urls: "redis://a,b", isFault: true},
		{urls: "redis://a,", isFault: true},
		{urls: "redis://a,rediss://b", isFault: true},
		{urls: "redis://a/1,redis://b", isFault: true},
		{urls: "redis://a,redis://b/1", isFault: true},
		{urls: "redis://a,redis://me:secret@b", isFault: true},
		{urls: "redis://me:pa/ss@localhost", isFault: true},
		{urls: "redis://me:100%@localhost", isFault: true},
		{urls: "sentinel://a", isFault: true},
		{urls: "sentinel://a/", isFault: true},
		{urls: "sentinel:///main", isFault: true},
		{urls: "sentinel://a/main/more", isFault: true},
		{urls: "sentinel://a/main?db=x", isFault: true},
		{urls: "sentinel://a/main?db=1&db=2", isFault: true},
		{urls: "sentinel://a/main?tls=perhaps", isFault: true},
		{urls: "sentinel://a/main?other=1", isFault: true},
		{urls: "sentinel://me:pa/ss@a/main", isFault: true},
	} {
		got, err := redis.ParseURL(c.urls)
		if c.isFault != (err != nil) {
			t.Errorf("%s: got error %v, want one: %v", c.urls, err, c.isFault)
		}
		if err != nil {
			continue
		}
		if want := strings.Fields(c.addresses); !slices.Equal(got.InitAddress, want) {
			t.Errorf("%s: got addresses %q, want %q", c.urls, got.InitAddress, want)
		}
		if got.Username != c.user || got.Password != c.password {
			t.Errorf("%s: got %q, %q, want %q, %q", c.urls, got.Username, got.Password, c.user, c.password)
		}
		if got.Sentinel.MasterSet != c.master || got.Sentinel.Username != c.sentinelUser || got.Sentinel.Password != c.sentinelPassword {
			t.Errorf("%s: got Sentinels' %q, %q, %q, want %q, %q, %q", c.urls, got.Sentinel.MasterSet,
				got.Sentinel.Username, got.Sentinel.Password, c.master, c.sentinelUser, c.sentinelPassword)
		}
		if got.SelectDB != c.db {
			t.Errorf("%s: got database %d, want %d", c.urls, got.SelectDB, c.db)
		}
		if (got.TLSConfig != nil) != c.secure || (got.Sentinel.TLSConfig != nil) != c.secureSentinels {
			t.Errorf("%s: got TLS %v, of the Sentinels %v, want %v, %v", c.urls, got.TLSConfig != nil, got.Sentinel.TLSConfig != nil, c.secure, c.secureSentinels)
		}
	}
}

// FuzzParseURL holds that no error says anything of what it was given: it is
// the same for any other password, and there is none for a password that is
// encoded as it should be.
func FuzzParseURL(f *testing.F) {
	f.Add("redis://", "me", "secret", "@localhost:6379/1")
	f.Add("sentinel://", "", "pa/ss", "@a,b/main?db=x")
	f.Add("redis://", "", "100%", "@localhost")
	f.Add("rediss://a,rediss://", "me", "a,b", "@[::1]:port")
	f.Fuzz(func(t *testing.T, before, user, password, after string) {
		urls := before + user + ":" + password + after
		_, err := redis.ParseURL(urls)
		if err != nil && !slices.Contains(redis.URLFaults, err) {
			t.Errorf("%q: got error %q, which is not one of those that quote nothing", urls, err)
		}
		encoded := "redis://" + url.UserPassword(user, password).String() + "@localhost"
		if strings.Contains(encoded, ",") {
			encoded = strings.ReplaceAll(encoded, ",", "%2C")
		}
		got, err := redis.ParseURL(encoded)
		if err != nil {
			t.Fatalf("%q: got error %v, want none", encoded, err)
		}
		if got.Username != user || got.Password != password {
			t.Errorf("%q: got %q, %q, want %q, %q", encoded, got.Username, got.Password, user, password)
		}
	})
}
