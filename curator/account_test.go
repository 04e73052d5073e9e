package curator_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
)

func TestRegisterNamesEveryPlace(t *testing.T) {
	h := open(t, plan{})
	_, err := h.Register(t.Context(), curator.Registration{Username: "a b", Email: "nowhere", Password: "short"})
	refusedWith(t, "everything wrong", err, gallery.Invalid)
	if diff := cmp.Diff([]string{"username", "email", "password"}, locations(err)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	h.person("ana", false)
	_, err = h.Register(t.Context(), curator.Registration{Username: "ANA", Email: "Ana@Example.org", Password: password})
	refusedWith(t, "taken in other case", err, gallery.Conflict)
	if diff := cmp.Diff([]string{"username", "email"}, locations(err)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestSignedTokensOpenAndTellWho(t *testing.T) {
	h := open(t, plan{})
	registered, err := h.Register(t.Context(), curator.Registration{Username: "ana", Email: "ana@example.org", Password: password, IsArtist: true})
	if err != nil {
		t.Fatal(err)
	}
	logged, err := h.Login(t.Context(), " ANA@example.org ", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, signed := range map[string]curator.Signed{"register": registered, "login": logged} {
		who := h.bearer(signed.Access)
		if who.User != signed.User || who.User.Username != "ana" || !who.User.IsArtist || who.User.IsAdmin || who.SessionID == "" {
			t.Errorf("%s: token stands for %+v, answer says %+v", name, who, signed.User)
		}
		if err := h.Reauthenticate(t.Context(), who); err != nil {
			t.Errorf("%s: reauthenticate: %v", name, err)
		}
		_, err := h.Authenticate(t.Context(), auth.Credential{Kind: auth.KindBearer, Value: signed.Refresh})
		refusedWith(t, name+": a refresh token as access", err, gallery.Unauthorized)
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	h := open(t, plan{})
	who := h.person("ana", false)
	forSession := func(user, session string) string {
		token, err := h.tokens.Access(user, session)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, test := range []struct {
		name string
		cred auth.Credential
	}{
		{"an empty token", auth.Credential{Kind: auth.KindToken}},
		{"a token of nobody", auth.Credential{Kind: auth.KindBearer, Value: forSession("7", "")}},
		{"a session that never was", auth.Credential{Kind: auth.KindBearer, Value: forSession(who.User.ID, "x")}},
		{"somebody else's session", auth.Credential{Kind: auth.KindBearer, Value: forSession(who.User.ID, h.person("ben", false).SessionID)}},
		{"a ticket that never was", auth.Credential{Kind: auth.KindTicket, Value: "x"}},
		{"a cookie that never was", auth.Credential{Kind: auth.KindSession, Value: "x"}},
		{"a kind that never was", auth.Credential{Kind: "letter", Value: "x"}},
	} {
		_, err := h.Authenticate(t.Context(), test.cred)
		refusedWith(t, test.name, err, gallery.Unauthorized)
	}
	nobody, err := h.Authenticate(t.Context(), auth.Credential{})
	if err != nil || !nobody.IsAnonymous() {
		t.Errorf("no credential: got %+v, %v, want the anonymous visitor", nobody, err)
	}
	if err := h.Reauthenticate(t.Context(), nobody); err != nil {
		t.Errorf("reauthenticate nobody: %v", err)
	}
}

func TestTicketOpensOnceAndNotLate(t *testing.T) {
	hands := &hands{}
	h := open(t, plan{idle: true, now: hands.now})
	who := h.person("ana", false)
	buy := func() auth.Credential {
		ticket, expires, err := h.Ticket(t.Context(), who)
		if err != nil || !expires.Equal(hands.now().Add(30*time.Second)) {
			t.Fatalf("ticket: expires %v, %v, want 30 s from now", expires, err)
		}
		return auth.Credential{Kind: auth.KindTicket, Value: ticket}
	}
	ticket := buy()
	got, err := h.Authenticate(t.Context(), ticket)
	if diff := cmp.Diff(who, got); diff != "" || err != nil {
		t.Errorf("identity of the ticket (-bought by +got, %v):\n%s", err, diff)
	}
	_, err = h.Authenticate(t.Context(), ticket)
	refusedWith(t, "spent", err, gallery.Unauthorized)

	late := buy()
	hands.forward(30 * time.Second)
	_, err = h.Authenticate(t.Context(), late)
	refusedWith(t, "late", err, gallery.Unauthorized)

	// A ticket is no longer good than what bought it.
	void := buy()
	if err := h.Logout(t.Context(), who, "", false); err != nil {
		t.Fatal(err)
	}
	_, err = h.Authenticate(t.Context(), void)
	refusedWith(t, "bought by a session that ended", err, gallery.Unauthorized)
	_, _, err = h.Ticket(t.Context(), who)
	refusedWith(t, "buy without a session", err, gallery.Unauthorized)
	_, _, err = h.Ticket(t.Context(), auth.Identity{})
	refusedWith(t, "buy as nobody", err, gallery.Unauthorized)
}

func TestPagesKeepASession(t *testing.T) {
	hands := &hands{}
	h := open(t, plan{now: hands.now})
	up, err := h.SignUp(t.Context(), curator.Registration{Username: "ana", Email: "ana@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	in, err := h.SignIn(t.Context(), "ana@example.org", password, "")
	if err != nil {
		t.Fatal(err)
	}
	cookie := func(b curator.Browser) auth.Credential {
		return auth.Credential{Kind: auth.KindSession, Value: b.Secret}
	}
	for name, b := range map[string]curator.Browser{"sign up": up, "sign in": in} {
		got, err := h.Authenticate(t.Context(), cookie(b))
		if diff := cmp.Diff(b.Identity, got); diff != "" || err != nil {
			t.Errorf("%s: cookie stands for (-answer +cookie, %v):\n%s", name, err, diff)
		}
		if !got.ExpiresAt.Equal(hands.now().Add(7 * 24 * time.Hour)) {
			t.Errorf("%s: expires %v, want 7 days", name, got.ExpiresAt)
		}
	}
	doorbell := h.listen("user:" + up.Identity.User.ID)
	for range 2 { // signing out twice is fine
		if err := h.SignOut(t.Context(), up.Identity); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := doorbell.await(t, 1)[0].Kind, gallery.EventSignedOut; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = h.Authenticate(t.Context(), cookie(up))
	refusedWith(t, "signed out", err, gallery.Unauthorized)
	if _, err := h.Authenticate(t.Context(), cookie(in)); err != nil {
		t.Errorf("the other browser: %v", err)
	}
	hands.forward(7 * 24 * time.Hour)
	_, err = h.Authenticate(t.Context(), cookie(in))
	refusedWith(t, "after 7 days", err, gallery.Unauthorized)
}

func TestProfile(t *testing.T) {
	h := open(t, plan{})
	who := h.person("ana", false)
	h.person("ben", false)
	got, err := h.UpdateProfile(t.Context(), who, nil, new(" paints "))
	if err != nil || got.Username != "ana" || got.Bio != "paints" {
		t.Errorf("got %+v, %v, want the biography changed only", got, err)
	}
	got, err = h.UpdateProfile(t.Context(), who, new("Ana"), nil)
	if err != nil || got.Username != "Ana" || got.Bio != "paints" {
		t.Errorf("got %+v, %v, want the name changed only", got, err)
	}
	_, err = h.UpdateProfile(t.Context(), who, new("BEN"), nil)
	refusedWith(t, "a taken name", err, gallery.Conflict)
	_, err = h.UpdateProfile(t.Context(), who, new(""), new(strings.Repeat("x", 1001)))
	refusedWith(t, "wrong texts", err, gallery.Invalid)
	if diff := cmp.Diff([]string{"username", "bio"}, locations(err)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	_, err = h.UpdateProfile(t.Context(), auth.Identity{}, nil, nil)
	refusedWith(t, "nobody", err, gallery.Unauthorized)
}

func TestDeletedAccountTakesEverythingAlong(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", true)
	gone := h.hang(artist, gallery.RevealAny, views(10))
	stays := h.hang(fan, gallery.RevealAny, comments(2))
	work, user := h.listen("artwork:"+gone.ID), h.listen("user:"+artist.User.ID)
	if _, err := h.Comment(t.Context(), artist, stays.ID, "soon gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Comment(t.Context(), fan, gone.ID, "soon gone"); err != nil {
		t.Fatal(err)
	}
	err := h.DeleteAccount(t.Context(), artist, "not the password")
	refusedWith(t, "a wrong password", err, gallery.Invalid)
	if diff := cmp.Diff([]string{"password"}, locations(err)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	if err := h.DeleteAccount(t.Context(), artist, password); err != nil {
		t.Fatal(err)
	}
	if got, want := work.await(t, 1)[0].Kind, gallery.EventArtworkDeleted; got != want {
		t.Errorf("the work's sockets heard %q, want %q", got, want)
	}
	// A comment was news before.
	if got, want := user.await(t, 2)[1].Kind, gallery.EventSignedOut; got != want {
		t.Errorf("the user's sockets heard %q, want %q", got, want)
	}
	refusedWith(t, "their token", h.Reauthenticate(t.Context(), artist), gallery.Unauthorized)
	_, err = h.Artwork(t.Context(), gone.ID)
	refusedWith(t, "their work", err, gallery.NotFound)
	if left := h.blobs(); len(left) != 1 || !strings.HasPrefix(left[0], stays.ID) {
		t.Errorf("left in the vault: %v, want the other work only", left)
	}
	now, err := h.Artwork(t.Context(), stays.ID)
	if err != nil || now.CommentCount != 0 || now.Conditions[0].Current != 1 {
		t.Errorf("the other work has %d comments and progress %d (%v), want 0 and 1", now.CommentCount, now.Conditions[0].Current, err)
	}
	if _, err := h.Login(t.Context(), "ana@example.org", password, ""); gallery.CodeOf(err) != gallery.Unauthorized {
		t.Errorf("login: got %v, want Unauthorized", err)
	}
}

func TestOperatorsWorkBesideARunningGallery(t *testing.T) {
	serving := open(t, plan{})
	beside := open(t, plan{dir: serving.dir, idle: true})
	if _, err := beside.CreateUser(t.Context(), curator.Registration{Username: "root", Email: "root@example.org", Password: "x"}, true); gallery.CodeOf(err) != gallery.Invalid {
		t.Errorf("a short password: got %v, want Invalid", err)
	}
	admin, err := beside.CreateUser(t.Context(), curator.Registration{Username: "root", Email: "root@example.org", Password: password}, true)
	if err != nil || !admin.IsAdmin || admin.IsArtist {
		t.Fatalf("create user: %+v, %v", admin, err)
	}
	token, expires, err := beside.IssueToken(t.Context(), "ROOT@example.org")
	if left := time.Until(expires); err != nil || left < 23*time.Hour || left > 25*time.Hour {
		t.Fatalf("issue token: expires in %v, %v, want 24 h", left, err)
	}
	who := serving.bearer(token)
	if got := who.ExpiresAt.Sub(expires).Abs(); got > time.Second {
		t.Errorf("token and answer differ by %v in their expiry", got)
	}

	// Everything the commands write is said by the serving process.
	system, user := serving.listen("system"), serving.listen("user:"+admin.ID)
	if _, err := beside.Announce(t.Context(), "closing at ten"); err != nil {
		t.Fatal(err)
	}
	if got := string(system.await(t, 1)[0].Message); !strings.Contains(got, "closing at ten") {
		t.Errorf("got %s, want the announcement", got)
	}
	if err := beside.SetPassword(t.Context(), "root@example.org", "another password"); err != nil {
		t.Fatal(err)
	}
	user.await(t, 1)
	refusedWith(t, "a token from before", serving.Reauthenticate(t.Context(), who), gallery.Unauthorized)
	if _, err := serving.Login(t.Context(), "root@example.org", "another password", ""); err != nil {
		t.Errorf("login: %v", err)
	}
	again, _, err := beside.IssueToken(t.Context(), "root@example.org")
	if err != nil {
		t.Fatal(err)
	}
	who = serving.bearer(again) // also in the very second of the change
	for _, active := range []bool{false, true} {
		if err := beside.SetActive(t.Context(), "root@example.org", active); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, "a token from before the deactivation", serving.Reauthenticate(t.Context(), who), gallery.Unauthorized)
	}
	user.await(t, 2)
	for what, err := range map[string]error{
		"set password": beside.SetPassword(t.Context(), "nobody@example.org", password),
		"set active":   beside.SetActive(t.Context(), "nobody@example.org", false),
	} {
		refusedWith(t, what+" of nobody", err, gallery.NotFound)
	}
}

func TestBroadcastIsForAdministrators(t *testing.T) {
	h := open(t, plan{})
	admin, err := h.CreateUser(t.Context(), curator.Registration{Username: "root", Email: "root@example.org", Password: password}, true)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := h.IssueToken(t.Context(), admin.Email)
	if err != nil {
		t.Fatal(err)
	}
	root, ana := h.bearer(token), h.person("ana", true)
	_, err = h.Broadcast(t.Context(), ana, "mine")
	refusedWith(t, "no administrator", err, gallery.Forbidden)
	_, err = h.Broadcast(t.Context(), auth.Identity{}, "mine")
	refusedWith(t, "nobody", err, gallery.Unauthorized)
	_, err = h.Broadcast(t.Context(), root, " ")
	refusedWith(t, "no text", err, gallery.Invalid)
	n, err := h.Broadcast(t.Context(), root, "hello")
	if err != nil || n.Number != 1 || n.ExpiresAt.Sub(n.CreatedAt) != 7*24*time.Hour {
		t.Fatalf("got %+v, %v, want number 1 for 7 days", n, err)
	}
	inbox, err := h.Inbox(t.Context(), ana, false, gallery.Page{})
	if err != nil || len(inbox.Announcements) != 1 || inbox.Announcements[0] != n {
		t.Errorf("got announcements %+v, %v, want the one", inbox.Announcements, err)
	}
	head, err := h.AnnouncementHead(t.Context())
	after, err2 := h.AnnouncementsAfter(t.Context(), 0, 10)
	if err != nil || err2 != nil || head != 1 || len(after) != 1 {
		t.Errorf("got head %d (%v) and %d announcements (%v), want 1 and 1", head, err, len(after), err2)
	}
}

func TestInbox(t *testing.T) {
	h := open(t, plan{})
	artist, fan := h.person("ana", true), h.person("ben", false)
	art := h.hang(artist, gallery.RevealAny, views(10))
	for range 5 {
		if _, err := h.Comment(t.Context(), fan, art.ID, "!"); err != nil {
			t.Fatal(err)
		}
	}
	list := h.inbox(artist)
	mark := func(want int64, who auth.Identity, ids []string, upTo *int64) {
		t.Helper()
		if got, err := h.MarkRead(t.Context(), who, ids, upTo); err != nil || got != want {
			t.Errorf("mark read: got %d unread, %v, want %d", got, err, want)
		}
	}
	mark(4, artist, []string{strings.ToUpper(list[4].ID)}, nil)
	mark(2, artist, nil, new(int64(2)))
	mark(0, fan, []string{list[3].ID}, nil) // not theirs
	_, err := h.MarkRead(t.Context(), artist, []string{list[0].ID, "x"}, new(int64(-1)))
	refusedWith(t, "no id", err, gallery.Invalid)
	if diff := cmp.Diff([]string{"ids[1]", "up_to"}, locations(err)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	inbox, err := h.Inbox(t.Context(), artist, true, gallery.Page{})
	if err != nil || inbox.Unread != 2 || len(inbox.Notifications) != 2 || inbox.Notifications[0].Seq != 4 {
		t.Errorf("got %+v, %v, want entries 4 and 3", inbox, err)
	}
	if unread, err := h.MarkReadUpTo(t.Context(), artist.User.ID, 3); err != nil || unread != 1 {
		t.Errorf("mark read up to 3: got %d, %v, want 1", unread, err)
	}
	head, err := h.InboxHead(t.Context(), artist.User.ID)
	after, err2 := h.InboxAfter(context.Background(), artist.User.ID, 3, 10)
	if err != nil || err2 != nil || head != 5 || len(after) != 2 || after[0].Seq != 4 {
		t.Errorf("got head %d (%v), after 3 %v (%v), want 5 and entries 4, 5", head, err, after, err2)
	}
	_, err = h.Inbox(t.Context(), auth.Identity{}, false, gallery.Page{})
	refusedWith(t, "nobody's inbox", err, gallery.Unauthorized)
}
