package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// Cost is what hashing a password takes. The zero value is the recommendation
// of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 thread.
type Cost struct {
	MemoryKiB uint32
	Time      uint32 // passes over the memory
	Threads   uint8
}

const (
	saltBytes = 16
	hashBytes = 32
)

// Passwords hashes and verifies passwords. No more run at once than there are
// processors, because each takes its memory for the while: a rush of logins
// waits instead of exhausting the machine. It is safe for concurrent use.
type Passwords struct {
	cost  Cost
	turns chan struct{}
}

// NewPasswords makes Passwords that hash at the given cost; each field that is
// zero takes its default.
func NewPasswords(cost Cost) *Passwords {
	if cost.MemoryKiB == 0 {
		cost.MemoryKiB = 19 << 10
	}
	if cost.Time == 0 {
		cost.Time = 2
	}
	if cost.Threads == 0 {
		cost.Threads = 1
	}
	return &Passwords{cost: cost, turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Hash returns the password's hash with a fresh salt, in PHC form:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>. It fails only when ctx ends
// while it waits for its turn.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: the program ends when the system has no randomness
	h := argonHash{cost: p.cost, salt: salt, sum: make([]byte, hashBytes)}
	if err := p.turn(ctx, func() { h.sum = h.of(password) }); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h.String(), nil
}

// Verify tells whether the password is the one behind encoded, and when it is,
// whether it should be hashed anew: encoded is one of Django's
// (pbkdf2_sha256$<rounds>$<salt>$<hash>) or of another cost than today's. It
// fails when encoded is none of these forms or asks for an absurd cost, and
// when ctx ends while it waits; the error holds nothing of either. An account
// without a usable password (encoded empty, or beginning with "!" as in
// Django) verifies as wrong, in the time of a right one.
func (p *Passwords) Verify(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	if encoded == "" || strings.HasPrefix(encoded, "!") {
		return false, false, p.VerifyNobody(ctx, password)
	}
	h, err := parseHash(encoded)
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	err = p.turn(ctx, func() {
		ok = subtle.ConstantTimeCompare(h.of(password), h.want()) == 1
	})
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	argon, isArgon := h.(argonHash)
	return ok, ok && (!isArgon || argon.cost != p.cost || len(argon.sum) != hashBytes || len(argon.salt) < saltBytes), nil
}

// VerifyNobody takes as long as Verify does with one of our own hashes, and
// fails when that does: once it has hashed, a ctx that has ended since is no
// error. For an unknown user, so that neither the time of an answer nor what an
// attempt counts as tells who has an account.
func (p *Passwords) VerifyNobody(ctx context.Context, password string) error {
	h := argonHash{cost: p.cost, salt: make([]byte, saltBytes), sum: make([]byte, hashBytes)}
	err := p.turn(ctx, func() { subtle.ConstantTimeCompare(h.of(password), h.sum) })
	if err != nil {
		return fmt.Errorf("verify password: %w", err)
	}
	return nil
}

// turn runs hash when one of the turns is free, or not at all when ctx ends
// before.
func (p *Passwords) turn(ctx context.Context, hash func()) error {
	if err := ctx.Err(); err != nil {
		return err // select picks at random when both are ready
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
		hash()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passwordHash is a stored hash that was read.
type passwordHash interface {
	of(password string) []byte // the hash of a password under the same salt and cost
	want() []byte              // the hash that was stored
}

// CanVerify tells whether Verify can ever find a password right for encoded: a
// hash of a form and a cost that it takes. For whoever brings hashes from
// elsewhere.
func CanVerify(encoded string) bool {
	_, err := parseHash(encoded)
	return err == nil
}

var errUnknownHash = errors.New("the stored hash is of no known form")

func parseHash(encoded string) (passwordHash, error) {
	switch {
	case strings.HasPrefix(encoded, argonPrefix):
		return parseArgon(encoded)
	case strings.HasPrefix(encoded, djangoPrefix):
		return parseDjango(encoded)
	}
	return nil, errUnknownHash
}
