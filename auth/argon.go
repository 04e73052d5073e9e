package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const argonPrefix = "$argon2id$"

// What a stored hash may ask for. Above this somebody wrote it who means to
// take the server's memory and time, not to remember a password.
const (
	maxArgonMemoryKiB = 256 << 10
	maxArgonTime      = 16
	maxArgonThreads   = 16
	maxArgonWork      = 1 << 20 // memory × passes: about a second
	maxSaltBytes      = 64
	maxHashBytes      = 64
)

var errAbsurdCost = errors.New("the stored hash asks for an absurd cost")

// argonHash is a hash in PHC form (github.com/P-H-C/phc-string-format).
type argonHash struct {
	cost      Cost
	salt, sum []byte
}

func (h argonHash) of(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.cost.Time, h.cost.MemoryKiB, h.cost.Threads, uint32(len(h.sum)))
}

func (h argonHash) want() []byte { return h.sum }

// String is the form that is stored.
func (h argonHash) String() string {
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argonPrefix, argon2.Version,
		h.cost.MemoryKiB, h.cost.Time, h.cost.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.sum))
}

func parseArgon(encoded string) (argonHash, error) {
	fields := strings.Split(strings.TrimPrefix(encoded, argonPrefix), "$")
	if len(fields) != 4 {
		return argonHash{}, errUnknownHash
	}
	var version int
	var memory, time, threads uint32
	if _, err := fmt.Sscanf(fields[0], "v=%d", &version); err != nil || version != argon2.Version {
		return argonHash{}, errUnknownHash
	}
	if _, err := fmt.Sscanf(fields[1], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return argonHash{}, errUnknownHash
	}
	// argon2.IDKey panics when time or threads are 0. Too small a memory it
	// raises in silence, and the hash would say another cost than it has.
	if threads < 1 || threads > maxArgonThreads || time < 1 || time > maxArgonTime ||
		memory < 8*threads || memory > maxArgonMemoryKiB || memory*time > maxArgonWork {
		return argonHash{}, errAbsurdCost
	}
	h := argonHash{cost: Cost{MemoryKiB: memory, Time: time, Threads: uint8(threads)}}
	var err error
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(fields[2]); err != nil || len(h.salt) < 8 || len(h.salt) > maxSaltBytes {
		return argonHash{}, errUnknownHash
	}
	if h.sum, err = base64.RawStdEncoding.Strict().DecodeString(fields[3]); err != nil || len(h.sum) < 16 || len(h.sum) > maxHashBytes {
		return argonHash{}, errUnknownHash
	}
	// Sscanf forgives what follows, signs and leading zeros; one spelling only.
	if h.String() != encoded {
		return argonHash{}, errUnknownHash
	}
	return h, nil
}
