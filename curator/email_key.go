package curator

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"invisibleart.example/gallery/auth"
)

// EmailKey is what limits count an e-mail address under, whoever has it, if
// anybody. It folds as the store does when it compares addresses, or another
// spelling would be a way around the limit. It is hashed: what was typed may be
// as long as a body, and must not be remembered at its length.
func EmailKey(email string) string {
	folded := strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
	return auth.HashSecret(norm.NFKC.String(folded))
}
