package auth_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"invisibleart.example/gallery/auth"
)

// cheap keeps the tests quick; the form of the hash is the same.
var cheap = auth.Cost{MemoryKiB: 64, Time: 1, Threads: 1}

func TestPasswords_hashAndVerify(t *testing.T) {
	ctx := t.Context()
	p := auth.NewPasswords(cheap)
	encoded, err := p.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	if form := regexp.MustCompile(`^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`); !form.MatchString(encoded) {
		t.Errorf("got %s, want the PHC form", encoded)
	}
	if ok, rehash, err := p.Verify(ctx, encoded, "correct horse"); !ok || rehash || err != nil {
		t.Errorf("the right password: got %v, %v, %v, want true, false, nil", ok, rehash, err)
	}
	for _, wrong := range []string{"", "correct hors", "correct horse ", "Correct horse", "correct horse\x00"} {
		if ok, rehash, err := p.Verify(ctx, encoded, wrong); ok || rehash || err != nil {
			t.Errorf("%q: got %v, %v, %v, want false, false, nil", wrong, ok, rehash, err)
		}
	}
	again, err := p.Hash(ctx, "correct horse")
	if err != nil || again == encoded {
		t.Errorf("hashed again: got the same text or %v, want another salt", err)
	}
	if ok, rehash, _ := auth.NewPasswords(auth.Cost{MemoryKiB: 128, Time: 1, Threads: 1}).Verify(ctx, encoded, "correct horse"); !ok || !rehash {
		t.Errorf("after the cost was raised: got ok %v, rehash %v, want both", ok, rehash)
	}
}

func TestPasswords_defaultCost(t *testing.T) {
	encoded, err := auth.NewPasswords(auth.Cost{}).Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s, %v, want 19 MiB, 2 passes, 1 thread", encoded, err)
	}
}

// The vector was made with Django's own PBKDF2PasswordHasher, the second one
// with the reference implementation of Argon2 (phc-winner-argon2, its test.c).
func TestPasswords_foreignHashes(t *testing.T) {
	for _, test := range []struct{ name, encoded, password string }{
		{"Django", "pbkdf2_sha256$600000$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=", "password123"},
		{"reference Argon2id", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := auth.NewPasswords(cheap)
			if ok, rehash, err := p.Verify(t.Context(), test.encoded, test.password); !ok || !rehash || err != nil {
				t.Errorf("got %v, %v, %v, want true, true, nil", ok, rehash, err)
			}
			if ok, rehash, err := p.Verify(t.Context(), test.encoded, test.password+"4"); ok || rehash || err != nil {
				t.Errorf("wrong password: got %v, %v, %v, want false, false, nil", ok, rehash, err)
			}
		})
	}
}

func TestPasswords_refusesWhatNobodyWouldStore(t *testing.T) {
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, encoded := range map[string]string{
		"plain text":         "password",
		"other algorithm":    "$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + sum,
		"other Django hash":  "md5$seasalt$5f4dcc3b5aa765d61d8327deb882cf99",
		"other version":      "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + sum,
		"4 TiB of memory":    "$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + sum,
		"257 MiB of memory":  "$argon2id$v=19$m=263168,t=1,p=1$" + salt + "$" + sum,
		"beyond 32 bits":     "$argon2id$v=19$m=4294967360,t=1,p=1$" + salt + "$" + sum,
		"4 billion passes":   "$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + sum,
		"work of minutes":    "$argon2id$v=19$m=262144,t=16,p=1$" + salt + "$" + sum,
		"no pass":            "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + sum,
		"no thread":          "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + sum,
		"255 threads":        "$argon2id$v=19$m=262144,t=1,p=255$" + salt + "$" + sum,
		"wrapping threads":   "$argon2id$v=19$m=64,t=1,p=536870913$" + salt + "$" + sum,
		"too little memory":  "$argon2id$v=19$m=1,t=1,p=1$" + salt + "$" + sum,
		"negative":           "$argon2id$v=19$m=-64,t=1,p=1$" + salt + "$" + sum,
		"leading zero":       "$argon2id$v=19$m=064,t=1,p=1$" + salt + "$" + sum,
		"trailing parameter": "$argon2id$v=19$m=64,t=1,p=1,x=1$" + salt + "$" + sum,
		"no salt":            "$argon2id$v=19$m=64,t=1,p=1$$" + sum,
		"huge salt":          "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("AAAA", 1000) + "$" + sum,
		"no hash":            "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"short hash":         "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AAAA",
		"huge hash":          "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("AAAA", 1000),
		"padded":             "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum + "=",
		"a field more":       "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum + "$",
		"Django, no rounds":  "pbkdf2_sha256$0$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=",
		"Django, negative":   "pbkdf2_sha256$-1$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=",
		"Django, too many":   "pbkdf2_sha256$2000000000$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=",
		"Django, beyond int": "pbkdf2_sha256$99999999999999999999$seasalt$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=",
		"Django, no salt":    "pbkdf2_sha256$1$$okRrg2MkEafio/giq1lR0eGTIdZxMoFfwceFpmpzO5g=",
		"Django, no hash":    "pbkdf2_sha256$1$seasalt$",
		"Django, long hash":  "pbkdf2_sha256$1$seasalt$" + strings.Repeat("AAAA", 4000),
		"Django, no fields":  "pbkdf2_sha256$",
	} {
		t.Run(name, func(t *testing.T) {
			ok, rehash, err := auth.NewPasswords(cheap).Verify(t.Context(), encoded, "password")
			if ok || rehash || err == nil {
				t.Fatalf("got %v, %v, %v, want an error", ok, rehash, err)
			}
			if strings.Contains(err.Error(), "$") {
				t.Errorf("the error %q holds a piece of the stored hash", err)
			}
		})
	}
}

func TestPasswords_unusable(t *testing.T) {
	for _, encoded := range []string{"", "!", "!kJx0dFz1bVt0dm9uZQ"} {
		ok, rehash, err := auth.NewPasswords(cheap).Verify(t.Context(), encoded, encoded)
		if ok || rehash || err != nil {
			t.Errorf("stored %q: got %v, %v, %v, want false, false, nil", encoded, ok, rehash, err)
		}
	}
}

func TestPasswords_stopWaitingWhenNobodyWaitsForThem(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := auth.NewPasswords(cheap)
	if _, err := p.Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: got %v, want context.Canceled", err)
	}
	if ok, _, err := p.Verify(ctx, "pbkdf2_sha256$1$s$"+strings.Repeat("A", 43)+"=", "x"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: got %v, %v, want context.Canceled", ok, err)
	}
	if err := p.VerifyNobody(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("VerifyNobody: got %v, want context.Canceled", err)
	}
}

// hangUp is the context of a client that is gone once its turn has come: it
// was there when asked for the first time, and is not after.
type hangUp struct {
	context.Context
	asked bool
}

func (c *hangUp) Err() error {
	if c.asked {
		return context.Canceled
	}
	c.asked = true
	return nil
}

func TestPasswords_whoHangsUpLaterWasVerified(t *testing.T) {
	p := auth.NewPasswords(cheap)
	encoded, err := p.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	for name, verify := range map[string]func(context.Context) error{
		"a known user": func(ctx context.Context) error { _, _, err := p.Verify(ctx, encoded, "wrong"); return err },
		"nobody":       func(ctx context.Context) error { return p.VerifyNobody(ctx, "wrong") },
		"no password":  func(ctx context.Context) error { _, _, err := p.Verify(ctx, "!", "wrong"); return err },
	} {
		ctx := &hangUp{Context: t.Context()}
		if err := verify(ctx); err != nil {
			t.Errorf("%s: got %v, want nil: it was hashed", name, err)
		}
		if err := verify(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, gone before: got %v, want context.Canceled", name, err)
		}
	}
}

// A rush of more hashes than there are turns ends, every one with an answer.
func TestPasswords_rush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := auth.NewPasswords(cheap)
		encoded, err := p.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatalf("Hash: %v", err)
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if ok, _, err := p.Verify(t.Context(), encoded, "correct horse"); !ok || err != nil {
					t.Errorf("got %v, %v, want true", ok, err)
				}
			})
		}
		wg.Wait()
	})
}

// An unknown name must take about as long as a wrong password: within a factor
// of three here, where a forgotten hash would be a thousand times quicker.
func TestPasswords_nobodyTakesAsLong(t *testing.T) {
	p := auth.NewPasswords(auth.Cost{})
	encoded, err := p.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	fastest := func(verify func()) time.Duration {
		best := time.Hour
		for range 8 {
			start := time.Now()
			verify()
			best = min(best, time.Since(start))
		}
		return best
	}
	known := fastest(func() { p.Verify(t.Context(), encoded, "wrong") })
	for name, verify := range map[string]func(){
		"an unknown user":              func() { p.VerifyNobody(t.Context(), "wrong") },
		"a user without a password":    func() { p.Verify(t.Context(), "", "wrong") },
		"an unusable password, Django": func() { p.Verify(t.Context(), "!kJx0dFz1bVt0dm9uZQ", "wrong") },
	} {
		unknown := fastest(verify)
		if ratio := float64(known) / float64(unknown); ratio < 1.0/3 || ratio > 3 {
			t.Errorf("a known user %v, %s %v: got a ratio of %.2f, want about 1", known, name, unknown, ratio)
		}
	}
}
