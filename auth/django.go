package auth

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

const djangoPrefix = "pbkdf2_sha256$"

// maxRounds is several times what Django's newest release uses (1,200,000) and
// keeps a written-in hash from holding a processor for minutes.
const maxRounds = 5_000_000

// djangoHash is what Django's PBKDF2PasswordHasher stores. It is only read:
// the next successful login replaces it.
type djangoHash struct {
	rounds int
	salt   string // Django takes the characters of the salt as its bytes
	sum    []byte
}

func (h djangoHash) of(password string) []byte {
	sum, err := pbkdf2.Key(sha256.New, password, []byte(h.salt), h.rounds, len(h.sum))
	if err != nil {
		// Only a key length out of range or FIPS mode's rules end here; an
		// empty hash equals no stored one.
		return nil
	}
	return sum
}

func (h djangoHash) want() []byte { return h.sum }

func parseDjango(encoded string) (djangoHash, error) {
	fields := strings.Split(strings.TrimPrefix(encoded, djangoPrefix), "$")
	if len(fields) != 3 {
		return djangoHash{}, errUnknownHash
	}
	rounds, err := strconv.Atoi(fields[0])
	if err != nil {
		return djangoHash{}, errUnknownHash
	}
	if rounds < 1 || rounds > maxRounds {
		return djangoHash{}, errAbsurdCost
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(fields[2])
	if err != nil || len(sum) != sha256.Size || fields[1] == "" || len(fields[1]) > 2*maxSaltBytes {
		return djangoHash{}, errUnknownHash
	}
	return djangoHash{rounds: rounds, salt: fields[1], sum: sum}, nil
}
