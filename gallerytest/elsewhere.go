package gallerytest

import (
	"crypto/rand"
	"testing"

	"invisibleart.example/gallery/gallerytest/servers"
	"invisibleart.example/gallery/node"
)

// Elsewhere is for [Options.Change]: it has a node keep nothing for itself, but
// everything in a fresh PostgreSQL database, a Redis and a directory of works
// of the test's own. Nodes that are changed by the same Elsewhere are nodes of
// one gallery.
func Elsewhere(t testing.TB) func(*node.Config) {
	t.Helper()
	database, redis, works := servers.Database(t), servers.Redis(t).URL, t.TempDir()
	key, master := rand.Text()+rand.Text(), rand.Text()+rand.Text()
	return func(c *node.Config) {
		c.Database, c.Redis, c.RedisPrefix, c.Blobs = database, redis, "gallery:", works
		c.JWTKey, c.MasterKey = key, master
	}
}
