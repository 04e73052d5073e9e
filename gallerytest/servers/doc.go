// Package servers starts what the gallery leans on, for tests: private
// PostgreSQL and Redis servers from the machine's own binaries, on free ports
// of the loopback, a Redis Cluster and a Redis with Sentinels among them, and a
// proxy that spoils the connection to any of them ([Proxy]).
//
//	source := servers.Database(t)        // a fresh database on a server that the test process shares
//	pg := servers.PostgreSQL(t)          // a server of the test's own, to be stopped and killed
//	redis := servers.Redis(t)            // a Redis of the test's own
//	wire := servers.Proxy(t, redis.Addr) // the same, through a wire that can be cut
//
// What a test starts ends with the test. The one server that is shared ends in
// [Stop], which gallerytest.VerifyMain calls; and nothing outlives the test
// process, even one that is killed (on Linux).
//
// It imports nothing of the gallery, so that the tests of any package can use
// it, internal ones too. It belongs to tests only.
package servers
