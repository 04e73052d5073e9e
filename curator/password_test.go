package curator_test

import (
	"bytes"
	"context"
	stdpbkdf2 "crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/curator"
	"invisibleart.example/gallery/store"
)

// TestLoginRefusalsAreAlike: neither the words nor the time tell whether there
// is an account.
func TestLoginRefusalsAreAlike(t *testing.T) {
	h := open(t, plan{cost: auth.Cost{MemoryKiB: 16 << 10, Time: 2, Threads: 1}})
	h.person("ana", false)
	h.person("ben", false)
	if err := h.SetActive(t.Context(), "ben@example.org", false); err != nil {
		t.Fatal(err)
	}
	tries := []struct{ email, password string }{
		{"ana@example.org", "a wrong password"},
		{"ben@example.org", password}, // right, and deactivated
		{"nobody@example.org", password},
		{"no address", password},
	}
	var messages []string
	fastest := slices.Repeat([]time.Duration{time.Hour}, len(tries))
	// Whatever else the machine does only adds to a time, so the fastest of many
	// tries tells; as soon as they are alike it is enough.
	for range 9 {
		for i, try := range tries {
			begun := time.Now()
			_, err := h.Login(t.Context(), try.email, try.password, "")
			fastest[i] = min(fastest[i], time.Since(begun))
			refusedWith(t, try.email, err, gallery.Unauthorized)
			messages = append(messages, err.Error())
		}
		if slices.Max(fastest) < 2*slices.Min(fastest) {
			break
		}
	}
	if got := slices.Compact(messages); len(got) != 1 {
		t.Errorf("got different answers: %q", got)
	}
	if slices.Max(fastest) >= 2*slices.Min(fastest) {
		t.Errorf("the refusals took %v, want them alike", fastest)
	}
}

// TestWrongPasswordsAreLimited: at once as one by one, per account and per
// address, for accounts that exist and for those that do not.
func TestWrongPasswordsAreLimited(t *testing.T) {
	hands := &hands{}
	h := open(t, plan{now: hands.now})
	h.person("ana", false)
	count := func(n int, login func(i int) error) (wrong, limited int64) {
		var w, l atomic.Int64
		together(n, func(i int) {
			switch err := login(i); gallery.CodeOf(err) {
			case gallery.Unauthorized:
				w.Add(1)
			case gallery.TooMany:
				if e := err.(*gallery.Error); e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
					t.Errorf("retry after %v, want up to a minute", e.RetryAfter)
				}
				l.Add(1)
			default:
				t.Errorf("got %v, want Unauthorized or TooMany", err)
			}
		})
		return w.Load(), l.Load()
	}
	for range 30 { // successes cost nothing
		if _, err := h.Login(t.Context(), "ana@example.org", password, "192.0.2.1"); err != nil {
			t.Fatalf("a right password: %v", err)
		}
	}
	for _, email := range []string{"ana@example.org", "nobody@example.org"} {
		wrong, limited := count(60, func(i int) error {
			// Every spelling of the address is the same account.
			spelling := strings.ToUpper(email[:i%5]) + email[i%5:]
			_, err := h.Login(context.Background(), spelling, "a wrong password", fmt.Sprint("192.0.2.", i))
			return err
		})
		if wrong != 10 || limited != 50 {
			t.Errorf("%s: got %d tried and %d limited, want 10 and 50", email, wrong, limited)
		}
	}
	_, err := h.Login(t.Context(), "ana@example.org", password, "192.0.2.99")
	refusedWith(t, "the right password after too many wrong ones", err, gallery.TooMany)
	hands.forward(time.Minute)
	if _, err := h.Login(t.Context(), "ana@example.org", password, "192.0.2.99"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	// The right password of an account that is not active opens nothing, and
	// counts like any other that does not.
	h.person("ben", false)
	if err := h.SetActive(t.Context(), "ben@example.org", false); err != nil {
		t.Fatal(err)
	}
	wrong, limited := count(20, func(int) error {
		_, err := h.Login(context.Background(), "ben@example.org", password, "")
		return err
	})
	if wrong != 10 || limited != 10 {
		t.Errorf("a deactivated account: got %d tried and %d limited, want 10 and 10", wrong, limited)
	}
	wrong, limited = count(80, func(i int) error {
		_, err := h.Login(context.Background(), fmt.Sprint("guess", i, "@example.org"), "a wrong password", "198.51.100.1")
		return err
	})
	if wrong != 50 || limited != 30 {
		t.Errorf("one address: got %d tried and %d limited, want 50 and 30", wrong, limited)
	}
}

// TestRightPasswordsSideBySide: that they might all be wrong refuses nobody.
func TestRightPasswordsSideBySide(t *testing.T) {
	h := open(t, plan{})
	h.person("ana", false)
	together(60, func(i int) {
		if _, err := h.Login(context.Background(), "ana@example.org", password, "192.0.2.1"); err != nil {
			t.Errorf("login %d: %v", i, err)
		}
	})
}

// TestGuessesCountThoughNobodyWaitsForTheAnswer: else the work would be free,
// and what is refused in the end would tell who has an account.
func TestGuessesCountThoughNobodyWaitsForTheAnswer(t *testing.T) {
	h := open(t, plan{cost: auth.Cost{MemoryKiB: 16 << 10, Time: 3, Threads: 1}})
	h.person("ana", false)
	for _, email := range []string{"ana@example.org", "nobody@example.org"} {
		for range 10 {
			ctx, hangUp := context.WithCancel(t.Context())
			answered := make(chan error, 1)
			go func() {
				_, err := h.Login(ctx, email, "a wrong password", "")
				answered <- err
			}()
			eventually(t, "hash a password", hashing)
			hangUp()
			refusedWith(t, email, <-answered, gallery.Unauthorized)
		}
		_, err := h.Login(t.Context(), email, "a wrong password", "")
		refusedWith(t, email+" after ten", err, gallery.TooMany)
	}
}

// hashing tells whether a password is being hashed in this moment.
func hashing() bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte(".argonHash.of("))
}

// TestSignedInGuessesAreLimited: whoever stole a token must not get to try
// passwords with it.
func TestSignedInGuessesAreLimited(t *testing.T) {
	h := open(t, plan{})
	who := h.person("ana", false)
	for i := range 12 {
		_, err := h.ChangePassword(t.Context(), who, fmt.Sprint("wrong guess ", i), "another password")
		want := gallery.Invalid
		if i >= 10 {
			want = gallery.TooMany
		}
		refusedWith(t, fmt.Sprint("guess ", i+1), err, want)
	}
	refusedWith(t, "delete account", h.DeleteAccount(t.Context(), who, password), gallery.TooMany)
}

func TestDjangoHashIsReplacedAtLogin(t *testing.T) {
	h := open(t, plan{})
	who := h.person("ana", false)
	stored := func() (account store.Account) {
		h.read(func(tx *store.Tx) (err error) {
			account, err = tx.AccountByID(t.Context(), who.User.ID)
			return err
		})
		return account
	}
	old := "pbkdf2_sha256$1$seasalt$" + pbkdf2(t, password, "seasalt")
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetPassword(t.Context(), who.User.ID, old)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Login(t.Context(), "ana@example.org", "a wrong password", "")
	refusedWith(t, "a wrong password", err, gallery.Unauthorized)
	if got := stored().PasswordHash; got != old {
		t.Errorf("a wrong password changed the hash")
	}
	// Side by side: only one of them replaces what all have verified.
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if _, err := h.Login(t.Context(), "ana@example.org", password, ""); err != nil {
				t.Errorf("login %d: %v", i+1, err)
			}
		})
	}
	group.Wait()
	if got := stored().PasswordHash; !strings.HasPrefix(got, "$argon2id$") {
		t.Errorf("the hash is still of the old kind")
	}
	// An older cost of our own.
	dear := open(t, plan{dir: h.dir, idle: true, cost: auth.Cost{MemoryKiB: 16, Time: 1, Threads: 1}})
	if _, err := dear.Login(t.Context(), "ana@example.org", password, ""); err != nil {
		t.Fatal(err)
	}
	if got := stored().PasswordHash; !strings.Contains(got, "m=16,") {
		t.Errorf("the hash has still the old cost")
	}
}

func TestRefreshRotatesAndRevokes(t *testing.T) {
	h := open(t, plan{})
	first, err := h.Register(t.Context(), curator.Registration{Username: "ana", Email: "ana@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.Login(t.Context(), "ana@example.org", password, "")
	if err != nil {
		t.Fatal(err)
	}
	who := h.bearer(first.Access)
	second, err := h.Refresh(t.Context(), first.Refresh)
	if err != nil || second.Refresh == first.Refresh || second.User != first.User {
		t.Fatalf("refresh: %v", err)
	}
	if got := h.bearer(second.Access); got.SessionID != who.SessionID {
		t.Errorf("session changed from %s to %s", who.SessionID, got.SessionID)
	}
	third, err := h.Refresh(t.Context(), second.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Reauthenticate(t.Context(), who); err != nil {
		t.Errorf("an access token falls with the rotation: %v", err)
	}
	doorbell := h.listen("user:" + who.User.ID)
	_, err = h.Refresh(t.Context(), first.Refresh)
	refusedWith(t, "a spent token", err, gallery.Unauthorized)
	if got := doorbell.await(t, 1)[0].Kind; got != gallery.EventSignedOut {
		t.Errorf("the sockets heard %q, want %q", got, gallery.EventSignedOut)
	}
	_, err = h.Refresh(t.Context(), third.Refresh)
	refusedWith(t, "the newest of a revoked family", err, gallery.Unauthorized)
	refusedWith(t, "an access token of it", h.Reauthenticate(t.Context(), who), gallery.Unauthorized)
	if _, err := h.Refresh(t.Context(), other.Refresh); err != nil {
		t.Errorf("another family of the user: %v", err)
	}
	_, err = h.Refresh(t.Context(), other.Access)
	refusedWith(t, "an access token", err, gallery.Unauthorized)
	foreign, _, err := h.tokens.Refresh(who.User.ID, "", "jti")
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Refresh(t.Context(), foreign)
	refusedWith(t, "a token without a family", err, gallery.Unauthorized)
	if log := h.log.String(); strings.Contains(log, first.Refresh) || !strings.Contains(log, "revoked") {
		t.Errorf("the log must tell of the revocation, and no token:\n%s", log)
	}
}

// TestOneTokenRefreshedAtOnce: of many who show one token at most one gets the
// next, and then the family is over.
func TestOneTokenRefreshedAtOnce(t *testing.T) {
	h := open(t, plan{})
	first, err := h.Register(t.Context(), curator.Registration{Username: "ana", Email: "ana@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	together(20, func(int) {
		_, err := h.Refresh(context.Background(), first.Refresh)
		if err == nil {
			won.Add(1)
		} else if gallery.CodeOf(err) != gallery.Unauthorized {
			t.Errorf("got %v, want Unauthorized", err)
		}
	})
	if got := won.Load(); got != 1 {
		t.Errorf("%d got the next token, want 1", got)
	}
	_, err = h.Authenticate(t.Context(), auth.Credential{Kind: auth.KindBearer, Value: first.Access})
	refusedWith(t, "the family", err, gallery.Unauthorized)
}

func TestLogout(t *testing.T) {
	h := open(t, plan{})
	sign := func() (curator.Signed, auth.Identity) {
		signed, err := h.Login(t.Context(), "ana@example.org", password, "")
		if err != nil {
			t.Fatal(err)
		}
		return signed, h.bearer(signed.Access)
	}
	ana, ben := h.person("ana", false), h.person("ben", false)
	foreign, err := h.tokens.Access(ana.User.ID, "") // as another server issues them
	if err != nil {
		t.Fatal(err)
	}
	django := h.bearer(foreign)
	phone, onPhone := sign()
	_, onDesk := sign()
	refusedWith(t, "somebody else's token", h.Logout(t.Context(), ben, phone.Refresh, false), gallery.Invalid)
	refusedWith(t, "no token", h.Logout(t.Context(), onDesk, "x", false), gallery.Invalid)
	refusedWith(t, "nothing to sign out of", h.Logout(t.Context(), django, "", false), gallery.Invalid)
	refusedWith(t, "nobody", h.Logout(t.Context(), auth.Identity{}, phone.Refresh, false), gallery.Unauthorized)
	if err := h.Logout(t.Context(), onDesk, phone.Refresh, false); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, "the family of the token", h.Reauthenticate(t.Context(), onPhone), gallery.Unauthorized)
	_, err = h.Refresh(t.Context(), phone.Refresh)
	refusedWith(t, "its refresh token", err, gallery.Unauthorized)
	for name, who := range map[string]auth.Identity{"desk": onDesk, "first": ana, "foreign": django} {
		if err := h.Reauthenticate(t.Context(), who); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.Logout(t.Context(), onDesk, "", true); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]auth.Identity{"desk": onDesk, "first": ana, "foreign": django} {
		refusedWith(t, name+" after everywhere", h.Reauthenticate(t.Context(), who), gallery.Unauthorized)
	}
	if err := h.Reauthenticate(t.Context(), ben); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestChangedPasswordSignsOutEverythingOlder(t *testing.T) {
	h := open(t, plan{})
	who := h.person("ana", false)
	browser, err := h.SignIn(t.Context(), "ana@example.org", password, "")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := h.tokens.Access(who.User.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	django := h.bearer(foreign)
	doorbell := h.listen("user:" + who.User.ID)
	_, err = h.ChangePassword(t.Context(), who, password, "short")
	refusedWith(t, "a short one", err, gallery.Invalid)
	_, err = h.ChangePassword(t.Context(), who, "a wrong password", "another password")
	refusedWith(t, "a wrong one", err, gallery.Invalid)
	signed, err := h.ChangePassword(t.Context(), who, password, "another password")
	if err != nil {
		t.Fatal(err)
	}
	doorbell.await(t, 1)
	for name, old := range map[string]auth.Identity{"token": who, "browser": browser.Identity, "foreign": django} {
		refusedWith(t, "older "+name, h.Reauthenticate(t.Context(), old), gallery.Unauthorized)
	}
	h.bearer(signed.Access)
	if _, err := h.Refresh(t.Context(), signed.Refresh); err != nil {
		t.Errorf("the new pair: %v", err)
	}
	_, err = h.Login(t.Context(), "ana@example.org", password, "")
	refusedWith(t, "the old password", err, gallery.Unauthorized)
	if _, err := h.Login(t.Context(), "ana@example.org", "another password", ""); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// pbkdf2 is how Django stores a password, after one round.
func pbkdf2(t *testing.T, password, salt string) string {
	key, err := stdpbkdf2.Key(sha256.New, password, []byte(salt), 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(key)
}
