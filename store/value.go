package store

import (
	"database/sql"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// micros is a time as it is stored: µs since 1970, NULL for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant scans a stored time into a time.Time, in UTC, zero for NULL.
type instant struct{ to *time.Time }

// Scan implements [sql.Scanner].
func (i instant) Scan(value any) error {
	var n sql.NullInt64
	if err := n.Scan(value); err != nil {
		return err
	}
	*i.to = time.Time{}
	if n.Valid {
		*i.to = time.UnixMicro(n.Int64).UTC()
	}
	return nil
}

// bit is a truth as it is stored.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// null is a text that is NULL when empty.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// key folds a text for comparing: NFKC and lower case, and NFKC again because
// lower case can take a text out of that form ("İ").
func key(s string) string {
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
}

// like makes the LIKE pattern (with ESCAPE '\') of texts that contain s.
func like(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// marks writes n parameters from $first on: "$2, $3, $4".
func marks(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return b.String()
}

// batch is how many values go into one statement. SQLite takes 32,766
// parameters and PostgreSQL 65,535; beyond a thousand nothing is gained.
const batch = 1024

// batches cuts the values of an IN list into such as go into one statement, see
// fill.
func batches(list []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for chunk := range slices.Chunk(list, batch) {
			if !yield(fill(chunk)) {
				return
			}
		}
	}
}

// fill fills the values of an IN list up to a power of two with the last one,
// which changes nothing: a connection to PostgreSQL keeps every statement it has
// seen, and there would be one for each length.
func fill(list []string) []string {
	list = slices.Clip(list) // what is appended must not go to the caller's
	for len(list)&(len(list)-1) != 0 {
		list = append(list, list[len(list)-1])
	}
	return list
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
