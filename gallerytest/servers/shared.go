package servers

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared is the one PostgreSQL of the test process: making one takes a second,
// and a fresh database on it is as good.
var shared struct {
	sync.Mutex
	server *PostgreSQLServer
	err    error
}

// Database is the URL of a fresh database on a PostgreSQL that all tests of the
// process share. It is dropped at the end of the test. A package whose tests
// call it has gallerytest.VerifyMain, or [Stop], in its TestMain.
func Database(t testing.TB) string {
	t.Helper()
	bin := needPostgreSQL(t)
	shared.Lock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startPostgreSQL(bin)
	}
	server, err := shared.server, shared.err
	shared.Unlock()
	must(t, err)
	return server.Database(t)
}

// Stop ends the shared server, if any test asked for it. It comes after the
// last test.
func Stop() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return
	}
	if err := shared.server.close(); err != nil {
		fmt.Fprintln(os.Stderr, "gallerytest/servers:", err)
	}
	shared.server.remove()
	shared.server = nil
}
