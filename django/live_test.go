package django_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"invisibleart.example/gallery/django"
	"invisibleart.example/gallery/gallerytest"
	"invisibleart.example/gallery/node"
)

// TestOpenGallery imports beside a gallery that is open, and lets the people of
// the old one go on where they were: with their tokens and their passwords, and
// without hearing anything twice.
func TestOpenGallery(t *testing.T) {
	const signingKey = "django-insecure-short" // shorter than a key of ours may be
	o := old{
		Users: []row{user(1, "ada", row{"is_artist": true, "email": "Ada@Example.org", "plain": "password123"}), user(50, "eve", row{"is_active": false, "plain": "password123"})},
		Artworks: []row{
			picture(1, "one\n", row{"view_count": 60}), // ten were announced long ago
			picture(2, "two\n", row{"view_count": 9}),
			picture(3, "three\n", row{"is_revealed": true}),
		},
		Conditions: []row{waits(1, 1, "interactive", row{"comment_count": 1}, nil), waits(2, 2, "view_count", row{"count": 1000}, nil)},
	}
	for n := 2; n <= 10; n++ {
		o.Users = append(o.Users, user(n, fmt.Sprintf("viewer%d", n), nil))
		o.Views = append(o.Views, looks(1, n, "2024-03-02T12:00:00Z"), looks(2, n, "2024-03-02T12:00:00Z"))
	}
	data := t.TempDir()
	house := gallerytest.Start(t, gallerytest.Options{Data: data, Change: func(c *node.Config) {
		c.JWTKey, c.MasterKey = "new:a new key of at least 32 bytes for tokens,old:"+signingKey, masterKey
	}})
	token := func(id any) string {
		claims := jwt.MapClaims{"token_type": "access", "jti": "0123456789abcdef0123456789abcdef", "user_id": id,
			"iat": time.Now().Add(-time.Hour).Unix(), "exp": time.Now().Add(time.Hour).Unix()}
		signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(signingKey))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	old := func(id any) *gallerytest.Person { return &gallerytest.Person{House: house.House, Access: token(id)} }
	if _, status, _ := house.TryDial("/ws/notifications/?token=" + token(1)); status != http.StatusUnauthorized {
		t.Errorf("before the import: got status %d, want 401", status)
	}

	b, err := node.OpenBesideWorks(t.Context(), node.Config{Data: data, MasterKey: masterKey})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, o.file(t), django.Target{DB: b.DB(), Vault: b.Vault()}, django.Options{})
	check(t, b.Close())
	if !r.Complete() {
		t.Fatalf("the import is not complete:\n%s", text(r))
	}

	// Newer versions of Simple JWT write the id as a text, older ones a number.
	ada := old("1")
	socket := ada.Listen(t, 0)
	old(1).Listen(t, -1)
	if _, status, _ := house.TryDial("/ws/notifications/?token=" + token(50)); status != http.StatusUnauthorized {
		t.Errorf("a deactivated account: got status %d, want 401", status)
	}

	// The tenth person looks at both works: at one of them ten is news.
	visitor := house.Register(t, "visitor")
	for n := 1; n <= 2; n++ {
		if got := visitor.Look(t, work(n)).ViewCount; got != 10 {
			t.Errorf("views of work %d: got %d, want 10", n, got)
		}
	}
	visitor.Comment(t, work(1), "And now?")
	for _, want := range []string{`"Work 2" has reached 10 views`, `comment on your artwork "Work 1"`, `"Work 1" has been revealed`} {
		if got := socket.Expect(t, "notification"); !strings.Contains(got.Message, want) {
			t.Errorf("got %q, want %s", got.Message, want)
		}
	}
	for n, want := range map[int]string{1: "one\n", 3: "three\n"} {
		if status, got := visitor.Content(t, work(n)); status != http.StatusOK || string(got) != want {
			t.Errorf("content of work %d: got %d %q, want %q", n, status, got, want)
		}
	}

	// The old password opens, twice: the first login replaced Django's hash.
	for range 2 {
		var signed struct{ Access string }
		house.Anybody().Do(t, "POST", "/auth/login", map[string]string{"email": "ada@example.org", "password": "password123"}, http.StatusOK, &signed)
	}
	b, err = node.OpenBesideWorks(t.Context(), node.Config{Data: data, MasterKey: masterKey})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, b.Close()) }()
	if got := account(t, django.Target{DB: b.DB()}, "1").PasswordHash; !strings.HasPrefix(got, "$argon2id$") {
		t.Errorf("the hash after a login: got %q, want one of ours", got)
	}
	for _, body := range []map[string]string{{"email": "ada@example.org", "password": "password124"}, {"email": "eve@example.org", "password": "password123"}} {
		if status, _, err := house.Anybody().Try("POST", "/auth/login", body); status != http.StatusUnauthorized {
			t.Errorf("login of %s with %s: got status %d (%v), want 401", body["email"], body["password"], status, err)
		}
	}
}
