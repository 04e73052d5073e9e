package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"invisibleart.example/gallery"
)

// fault is what the store does about an error of the database; it is the one
// place that knows the drivers' codes.
type fault int

const (
	faultOther     fault = iota
	faultUnique          // a key is taken
	faultReference       // a row that should be referred to is gone
	faultBusy            // somebody else was in the way: run the transaction again
	faultSlow            // it took too long
	faultFull            // no room
	faultAway            // the server does not answer, or not us
	faultBroken          // not a database, or a damaged one
)

func faultOf(err error) fault {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return postgresFault(err)
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return faultUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return faultReference
	}
	switch e.Code() & 0xff { // the primary code of an extended one
	case sqlite3.SQLITE_BUSY:
		return faultBusy
	case sqlite3.SQLITE_FULL:
		return faultFull
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return faultBroken
	}
	return faultOther
}

// explain turns an error of the database into one that says what to do about
// it; the original stays its cause. ctx is the caller's: what ended although it
// goes on ran out of the engine's patience.
func (db *DB) explain(ctx context.Context, err error) error {
	found := faultOf(err)
	if db.engine.patience > 0 && ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone)) {
		found = faultAway
	}
	switch found {
	case faultUnique:
		return &gallery.Error{Code: gallery.Conflict, Message: "That exists already.", Err: err}
	case faultReference:
		return &gallery.Error{Code: gallery.NotFound, Message: "What this belongs to is no longer there.", Err: err}
	case faultBusy, faultSlow:
		return unavailable("The gallery is busy; try again in a moment.", err)
	case faultFull:
		return unavailable("The gallery has no room left to write.", err)
	case faultAway:
		db.dropIdle()
		return unavailable("The gallery cannot reach its database; try again in a moment.", err)
	case faultBroken:
		return &gallery.Error{Code: gallery.Internal, Message: "the file is not a database, or is damaged", Err: err}
	}
	return err
}

func unavailable(message string, err error) error {
	return &gallery.Error{Code: gallery.Unavailable, Message: message, RetryAfter: time.Second, Err: err}
}

func notFound(what string) error {
	return gallery.Errorf(gallery.NotFound, "There is no such %s.", what)
}
