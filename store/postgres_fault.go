package store

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresFault knows the codes of PostgreSQL (appendix A of its manual) and the
// ways in which a connection ends.
func postgresFault(err error) fault {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "23505":
			return faultUnique
		case "23503":
			return faultReference
		case "40001", "40P01": // serialization failure, deadlock
			return faultBusy
		case "53100":
			return faultFull
		case "57014", "55P03", "25P03", "25P04": // a statement, a lock, a transaction took too long
			return faultSlow
		case "57P01", "57P02", "57P03", "57P05", "53300", // shut down, crashed, starting, idle; too many connections
			"25006": // only reads: it has become another's replica
			return faultAway
		}
		if strings.HasPrefix(e.Code, "08") { // connection exceptions
			return faultAway
		}
	}
	// Not by net.Error: the end of a caller's context is one as well.
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return faultOther // whose end it was, explain judges
	case connecting, network, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, sqldriver.ErrBadConn), errors.Is(err, pgconn.ErrConnClosed):
		return faultAway
	}
	return faultOther
}

// whyNot says in one line why the database cannot be opened.
func whyNot(config *pgx.ConnConfig, err error) error {
	where := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "28P01":
			return fmt.Errorf("the server refuses the password of user %q", config.User)
		case "3D000":
			return fmt.Errorf("there is no database %q on the server: make it with createdb", config.Database)
		}
		return fmt.Errorf("the server says: %s (%s)", e.Message, e.Code)
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("there is no host %q: %s", e.Name, e.Err)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && !e.Timeout() {
		return fmt.Errorf("no PostgreSQL answers at %s: %w", where, e.Err)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) {
		return fmt.Errorf("no PostgreSQL answers at %s: it takes too long", where)
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " ")) // a line of its own for each address
}

// postgresName is the URL without what is secret, or only means something to
// the driver.
func postgresName(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return "postgres://…"
	}
	return fmt.Sprintf("postgres://%s@%s/%s", config.User, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), config.Database)
}
