package store_test

import (
	"context"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

func (s suite) TestPanicRollsBack(t *testing.T) {
	db := s.open(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.CreateUser(t.Context(), user(1), ""); err != nil {
				t.Error(err)
			}
			panic("a bug")
		})
	}()
	addUsers(t, db, 1, 2) // the writer is free, the name too
}

func (s suite) TestReadCannotWrite(t *testing.T) {
	db := s.open(t)
	err := db.Read(t.Context(), func(tx *store.Tx) error { return tx.CreateUser(t.Context(), user(1), "") })
	if err == nil {
		t.Error("a reading transaction wrote, want an error")
	}
}

// TestReadSeesOneState reads, lets somebody write, and reads again.
func (s suite) TestReadSeesOneState(t *testing.T) {
	db := s.open(t)
	read(t, db, func(ctx context.Context, tx *store.Tx) error {
		wantCode(t, "before", second(tx.AccountByID(ctx, id(1))), gallery.NotFound)
		addUsers(t, db, 1, 2)
		wantCode(t, "after", second(tx.AccountByID(ctx, id(1))), gallery.NotFound)
		return nil
	})
	read(t, db, func(ctx context.Context, tx *store.Tx) error { return second(tx.AccountByID(ctx, id(1))) })
}
