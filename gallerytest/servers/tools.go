package servers

import "testing"

// PostgreSQLBin is the directory of PostgreSQL's binaries, those of the server
// and those for operators (psql, pg_dump …). Without them the test is skipped.
func PostgreSQLBin(t testing.TB) string {
	t.Helper()
	return needPostgreSQL(t)
}

// FreePort finds a port for a process that the test starts, and that keeps it
// over restarts.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := freePort()
	must(t, err)
	return port
}
