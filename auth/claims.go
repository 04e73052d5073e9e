package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxNumericDate is the last second of the year 9999; later ones overflow
	// somewhere in a database, a Date or a Duration.
	maxNumericDate = 253402300799
	maxClaimBytes  = 255 // of jti, user_id and sid
)

// claims decodes a payload more strictly than a struct with tags would, which
// takes "EXP" for "exp", the last of two members, and null for nothing said.
type claims struct {
	kind, jti, userID, sessionID string
	expires, issued, notBefore   time.Time // zero when absent
}

// UnmarshalJSON reads the claims and refuses whatever is missing, of the wrong
// type, or out of range. Its errors name the claim and never its value.
func (c *claims) UnmarshalJSON(data []byte) error {
	all, err := members(data)
	if err != nil {
		return err
	}
	var errs []error
	c.kind, err = textClaim(all, "token_type", true)
	errs = append(errs, err)
	c.jti, err = textClaim(all, "jti", true)
	errs = append(errs, err)
	c.userID, err = userClaim(all)
	errs = append(errs, err)
	c.sessionID, err = textClaim(all, "sid", false)
	errs = append(errs, err)
	c.expires, err = dateClaim(all, "exp", true)
	errs = append(errs, err)
	c.issued, err = dateClaim(all, "iat", false)
	errs = append(errs, err)
	c.notBefore, err = dateClaim(all, "nbf", false)
	errs = append(errs, err)
	return errors.Join(errs...)
}

func textClaim(all map[string]json.RawMessage, name string, required bool) (string, error) {
	raw, present := all[name]
	if !present {
		if required {
			return "", fmt.Errorf("%s is missing", name)
		}
		return "", nil
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil || text == nil {
		return "", fmt.Errorf("%s is not text", name)
	}
	if *text == "" || len(*text) > maxClaimBytes || strings.ContainsRune(*text, 0) {
		return "", fmt.Errorf("%s is empty, too long or holds a NUL", name)
	}
	return *text, nil
}

// userClaim reads user_id: text, or a whole number as older versions of Simple
// JWT write it for integer keys.
func userClaim(all map[string]json.RawMessage) (string, error) {
	raw := string(all["user_id"])
	if _, err := strconv.ParseUint(raw, 10, 63); err == nil {
		return raw, nil
	}
	return textClaim(all, "user_id", true)
}

// dateClaim reads a NumericDate (RFC 7519 section 2): seconds since 1970,
// fractions allowed and dropped.
func dateClaim(all map[string]json.RawMessage, name string, required bool) (time.Time, error) {
	raw, present := all[name]
	if !present {
		if required {
			return time.Time{}, fmt.Errorf("%s is missing", name)
		}
		return time.Time{}, nil
	}
	// Anything but a number fails here, text in quotes included. The other
	// spellings ParseFloat knows (Inf, hexadecimal) were refused as JSON.
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || seconds < 1 || seconds > maxNumericDate {
		return time.Time{}, fmt.Errorf("%s is not a time", name)
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}

// members splits a JSON object into its members, raw. It refuses anything but
// one object of valid UTF-8 with each name once (RFC 7519 section 4 lets us).
func members(data []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	all := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, errors.New("not a JSON object")
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, errors.New("not a JSON object")
		}
		if _, again := all[name.(string)]; again {
			return nil, errors.New("a member is repeated")
		}
		all[name.(string)] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errors.New("not a JSON object")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return all, nil
}

func (c *claims) public() Claims {
	return Claims{UserID: c.userID, SessionID: c.sessionID, TokenID: c.jti, IssuedAt: c.issued, ExpiresAt: c.expires}
}

// The library's view of the claims, for its checks of the times.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(c.expires), nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return numericDate(c.issued), nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return numericDate(c.notBefore), nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }
func (c *claims) GetIssuer() (string, error)                   { return "", nil }
func (c *claims) GetSubject() (string, error)                  { return "", nil }

func numericDate(t time.Time) *jwt.NumericDate {
	if t.IsZero() {
		return nil
	}
	return jwt.NewNumericDate(t)
}
