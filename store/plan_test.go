package store_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/store"
)

// everyQuery calls every query of the store once; TestPlans sees to it that
// none is forgotten.
func everyQuery(ctx context.Context, tx *store.Tx) map[string]error {
	yes, text, page := true, "x", gallery.Page{Cursor: ""}
	third := func(_, _ any, err error) error { return err }
	comment := gallery.Comment{ID: "c", ArtworkID: id(1), User: user(1).Ref(), CreatedAt: at(1)}
	lists := func() error {
		for _, f := range []gallery.Filter{{Revealed: &yes}, {Artist: "x"}, {Artist: id(1), Revealed: &yes, Query: "x"}} {
			if err := third(tx.Artworks(ctx, f)); err != nil {
				return err
			}
		}
		return third(tx.Inbox(ctx, id(1), true, page))
	}
	// In the order of the file, each kind from its making to its end.
	return map[string]error{
		"CreateUser": tx.CreateUser(ctx, user(9), ""), "AccountByID": second(tx.AccountByID(ctx, id(9))),
		"AccountByEmail": second(tx.AccountByEmail(ctx, user(9).Email)), "LockAccount": second(tx.LockAccount(ctx, id(9))),
		"SetPassword": tx.SetPassword(ctx, id(9), ""), "EndTokens": tx.EndTokens(ctx, id(9), at(1)),
		"Rehash": tx.Rehash(ctx, id(9), "", "x"), "UpdateProfile": second(tx.UpdateProfile(ctx, id(9), &text, &text)),
		"SetActive":     tx.SetActive(ctx, id(9), true),
		"CreateSession": tx.CreateSession(ctx, store.Session{ID: "s", UserID: id(1), CreatedAt: at(1), ExpiresAt: at(1), CookieHash: "h"}),
		"SessionByID":   second(tx.SessionByID(ctx, "s")), "SessionByCookie": second(tx.SessionByCookie(ctx, "h")),
		"RotateRefresh": second(tx.RotateRefresh(ctx, "s", "", "x", at(1))), "EndSession": tx.EndSession(ctx, "s", at(1)),
		"EndSessions": tx.EndSessions(ctx, id(1), at(1)), "CreateTicket": tx.CreateTicket(ctx, store.Ticket{Hash: "h", UserID: id(1), ExpiresAt: at(2)}),
		"SpendTicket": second(tx.SpendTicket(ctx, "h", at(1))), "PurgeCredentials": tx.PurgeCredentials(ctx, at(2)),
		"InsertArtwork": tx.InsertArtwork(ctx, artwork(9, 9)), "Artwork": second(tx.Artwork(ctx, id(1))),
		"ArtworkState": second(tx.ArtworkState(ctx, id(1))), "LockArtwork": second(tx.LockArtwork(ctx, id(1))),
		"LockArtworks": second(tx.LockArtworks(ctx, []string{id(1), id(2)})), "Gatherings": second(tx.Gatherings(ctx, []string{id(1), id(2)})),
		"Now": second(tx.Now(ctx)), "ClaimOutbox": second(tx.ClaimOutbox(ctx, "n", at(1), at(2), []string{"e", "f"})),
		"Artworks": third(tx.Artworks(ctx, gallery.Filter{})), "UpdateArtwork": tx.UpdateArtwork(ctx, id(1), &text, nil, nil, at(1)),
		"SaveConditions":    tx.SaveConditions(ctx, id(1), artwork(1, 1).Conditions),
		"ReplaceConditions": tx.ReplaceConditions(ctx, id(1), gallery.RevealAny, artwork(1, 1).Conditions),
		"Reveal":            second(tx.Reveal(ctx, id(1), at(1))), "Due": second(tx.Due(ctx, at(1))),
		"HasArtworks": second(tx.HasArtworks(ctx, []string{id(1), id(2)})),
		"HasUsers":    second(tx.HasUsers(ctx, []string{id(1), id(2)})), "Taken": third(tx.Taken(ctx, id(1), "x", "y")),
		"ImportViews":    tx.ImportViews(ctx, id(1), []store.View{{ViewerID: id(9), At: at(1)}}),
		"ImportComments": tx.ImportComments(ctx, id(1), []gallery.Comment{{ID: "i", User: user(1).Ref(), CreatedAt: at(1)}}),
		"CountImported":  third(tx.CountImported(ctx, id(1))),
		"KeysNotUnder":   second(tx.KeysNotUnder(ctx, "k", "", 9)), "ReplaceKey": second(tx.ReplaceKey(ctx, id(1), gallery.Seal{}, gallery.Seal{})),
		"AddViews": third(tx.AddViews(ctx, id(1), []string{id(1), id(9)}, at(1))), "HasViewed": second(tx.HasViewed(ctx, id(1), id(9))),
		"AddComment": second(tx.AddComment(ctx, comment)), "Comments": third(tx.Comments(ctx, id(1), page)),
		"CommentByID": third(tx.CommentByID(ctx, "c")), "DeleteComment": tx.DeleteComment(ctx, "c"),
		"Notify": notify(ctx, tx, 1, "m"), "InboxHead": second(tx.InboxHead(ctx, id(1))),
		"InboxAfter": second(tx.InboxAfter(ctx, id(1), 0, 9)), "Inbox": third(tx.Inbox(ctx, id(1), false, page)),
		"UnreadCount": second(tx.UnreadCount(ctx, id(1))), "MarkRead": tx.MarkRead(ctx, id(1), []string{"x"}, at(1)),
		"MarkReadUpTo": tx.MarkReadUpTo(ctx, id(1), 1, at(1)), "PurgeInbox": tx.PurgeInbox(ctx, at(0)),
		"Announce":         second(tx.Announce(ctx, gallery.Announcement{ExpiresAt: at(9)})),
		"AnnouncementHead": second(tx.AnnouncementHead(ctx)), "AnnouncementsAfter": second(tx.AnnouncementsAfter(ctx, 0, 9)),
		"Announcements": second(tx.Announcements(ctx, at(1))), "Enqueue": tx.Enqueue(ctx, gallery.Event{ID: "e", CreatedAt: at(1)}, "n"),
		"Outbox": second(tx.Outbox(ctx, "n", at(2), 9)), "DeleteOutbox": tx.DeleteOutbox(ctx, []string{"e"}),
		"variants of lists": lists(),
		"DeleteArtwork":     tx.DeleteArtwork(ctx, id(9)), "DeleteUser": second(tx.DeleteUser(ctx, id(9))),
	}
}

// TestPlans asks SQLite how it runs every statement the store has: each must
// find its rows, and those that a cascade takes along, by an index.
func TestPlans(t *testing.T) {
	db := openSQLite(t)
	addUsers(t, db, 1, 2)
	addArtworks(t, db, artwork(1, 1))
	type statement struct {
		query string
		args  []any
	}
	var statements []statement
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		store.Record(tx, func(query string, args []any) { statements = append(statements, statement{query, args}) })
		called := everyQuery(ctx, tx)
		for name, err := range called {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for method := range reflect.TypeFor[*store.Tx]().Methods() {
			if _, ok := called[method.Name]; !ok {
				t.Errorf("%s has no plan checked", method.Name)
			}
		}
		return nil
	})
	if len(statements) < 60 {
		t.Errorf("recorded %d statements, want all of them", len(statements))
	}
	for _, s := range statements {
		for _, step := range plan(t, db, s.query, s.args) {
			t.Logf("%-60s %.90s", step, strings.Join(strings.Fields(s.query), " "))
			// A sweep walks the outbox from its oldest row on: what it passes by
			// is what others have claimed a moment ago.
			if strings.HasPrefix(step, "SCAN") && step != "SCAN outbox USING INDEX outbox_oldest" {
				t.Errorf("%s\n\tin %s", step, s.query)
			}
			if strings.HasPrefix(step, "USE TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s: sorts what an index should give in order\n\tin %s", step, s.query)
			}
		}
	}
}

// plan lists the steps of EXPLAIN QUERY PLAN.
func plan(t *testing.T, db *store.DB, query string, args []any) (steps []string) {
	t.Helper()
	rows, err := store.Writer(db).Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}
