package store

import (
	"context"
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
	faultBusy            // somebody else is writing: run the transaction again
	faultFull            // no room
	faultBroken          // not a database, or a damaged one
)

func faultOf(err error) fault {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return faultOther
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
// it; the original stays its cause.
func explain(err error) error {
	switch faultOf(err) {
	case faultUnique:
		return &gallery.Error{Code: gallery.Conflict, Message: "That exists already.", Err: err}
	case faultReference:
		return &gallery.Error{Code: gallery.NotFound, Message: "What this belongs to is no longer there.", Err: err}
	case faultBusy:
		return unavailable("The gallery is busy; try again in a moment.", err)
	case faultFull:
		return unavailable("The gallery has no room left to write.", err)
	case faultBroken:
		return &gallery.Error{Code: gallery.Internal, Message: "the file is not a database, or is damaged", Err: err}
	}
	return err
}

func unavailable(message string, err error) error {
	return &gallery.Error{Code: gallery.Unavailable, Message: message, RetryAfter: time.Second, Err: err}
}

// again tells whether a transaction that failed with err should run anew.
func again(ctx context.Context, err error) bool {
	return faultOf(err) == faultBusy && ctx.Err() == nil
}

func notFound(what string) error {
	return gallery.Errorf(gallery.NotFound, "There is no such %s.", what)
}
