package auth_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/auth"
)

// payload is simplePayload with one member replaced, or added, or ("") removed.
func payload(name, member string) string {
	members := map[string]string{
		"token_type": `"token_type":"access"`,
		"exp":        `"exp":1774094700`,
		"iat":        `"iat":1774094400`,
		"jti":        `"jti":"5a1f2a38c7b94b4db2cf7aa28b4bd8a1"`,
		"user_id":    `"user_id":"7"`,
	}
	members[name] = member
	var all []string
	for _, m := range members {
		if m != "" {
			all = append(all, m)
		}
	}
	return "{" + strings.Join(all, ",") + "}"
}

func TestVerifyAccess_forged(t *testing.T) {
	good := sign(signingKey, simpleHeader, simplePayload)
	parts := strings.Split(good, ".")
	header, body, signature := parts[0], parts[1], parts[2]
	with := func(header string) string { return sign(signingKey, header, simplePayload) }
	claim := func(name, member string) string { return sign(signingKey, simpleHeader, payload(name, member)) }
	unsigned := func(header string) string { return b64(header) + "." + body + "." }
	// resigned keeps the signature valid for segments written in a wrong way.
	resigned := func(header, body string) string {
		text := header + "." + body
		return text + "." + b64(mac(sha256.New, signingKey, text))
	}
	flip := func(token string, at int) string {
		raw := []byte(token)
		if raw[at]++; raw[at] == '{' || raw[at] == '[' || raw[at] == ':' {
			raw[at] = 'A'
		}
		return string(raw)
	}
	other := "another key, which is not ours, of 32 bytes"
	deep := strings.Repeat("[", 2500) + strings.Repeat("]", 2500)

	forged := map[string]string{
		"empty":              "",
		"dots only":          "..",
		"one segment":        header,
		"two segments":       header + "." + body,
		"four segments":      good + "." + signature,
		"trailing dot":       good + ".",
		"leading dot":        "." + good,
		"JWE, five segments": b64(`{"alg":"dir","enc":"A256GCM"}`) + ".." + b64("iv") + "." + b64("text") + "." + b64("tag"),
		"nested token":       sign(signingKey, `{"alg":"HS256","typ":"JWT","cty":"JWT"}`, good),
		"nested in a string": sign(signingKey, simpleHeader, `"`+good+`"`),
		"over 8 KiB":         claim("note", `"note":"`+strings.Repeat("x", 9<<10)+`"`),

		"alg none":            unsigned(`{"alg":"none","typ":"JWT"}`),
		"alg None":            unsigned(`{"alg":"None","typ":"JWT"}`),
		"alg nOnE":            unsigned(`{"alg":"nOnE","typ":"JWT"}`),
		"alg NONE":            unsigned(`{"alg":"NONE","typ":"JWT"}`),
		"alg none, signed":    with(`{"alg":"none","typ":"JWT"}`),
		"alg empty":           with(`{"alg":"","typ":"JWT"}`),
		"alg missing":         with(`{"typ":"JWT"}`),
		"alg null":            with(`{"alg":null}`),
		"alg a list":          with(`{"alg":["HS256"]}`),
		"alg a number":        with(`{"alg":256}`),
		"alg lower case":      with(`{"alg":"hs256"}`),
		"alg with a space":    with(`{"alg":"HS256 "}`),
		"alg in another case": with(`{"ALG":"HS256"}`),
		"HS384": func() string {
			text := b64(`{"alg":"HS384","typ":"JWT"}`) + "." + body
			return text + "." + b64(mac(sha512.New384, signingKey, text))
		}(),
		"HS512": func() string {
			text := b64(`{"alg":"HS512","typ":"JWT"}`) + "." + body
			return text + "." + b64(mac(sha512.New, signingKey, text))
		}(),
		"RS256, our key as the public one": with(`{"alg":"RS256","typ":"JWT"}`),
		"ES256":                            with(`{"alg":"ES256","typ":"JWT"}`),
		"EdDSA":                            with(`{"alg":"EdDSA","typ":"JWT"}`),
		"two algs, ours last":              with(`{"alg":"none","alg":"HS256"}`),
		"two algs, ours first":             with(`{"alg":"HS256","alg":"none"}`),

		"empty signature":                header + "." + body + ".",
		"signature of nothing":           header + "." + body + "." + b64(mac(sha256.New, signingKey, "")),
		"signature under no key":         sign("", simpleHeader, simplePayload),
		"signature under another key":    sign(other, simpleHeader, simplePayload),
		"signature, first half":          header + "." + body + "." + signature[:len(signature)/2],
		"signature, one byte less":       header + "." + body + "." + b64(mac(sha256.New, signingKey, header+"."+body)[:31]),
		"signature, one byte more":       header + "." + body + "." + b64(mac(sha256.New, signingKey, header+"."+body)+"\x00"),
		"signature of another token":     header + "." + body + "." + strings.Split(sign(signingKey, simpleHeader, "{}"), ".")[2],
		"flipped bit in the header":      flip(good, 3),
		"flipped bit in the payload":     flip(good, len(header)+20),
		"flipped bit in the signature":   flip(good, len(good)-10),
		"user exchanged under signature": header + "." + b64(strings.Replace(simplePayload, `"7"`, `"1"`, 1)) + "." + signature,

		"header padded":                    resigned(base64.URLEncoding.EncodeToString([]byte(`{"alg":"HS256" }`)), body),
		"payload padded":                   resigned(header, base64.URLEncoding.EncodeToString([]byte(payload("pad", `"pad":"1"`)+" "))+"="),
		"signature padded":                 good + "=",
		"line feed in the header":          resigned(header[:4]+"\n"+header[4:], body),
		"line feed in the payload":         resigned(header, body[:8]+"\n"+body[8:]),
		"CR LF in the payload":             resigned(header, body[:8]+"\r\n"+body[8:]),
		"line feed in the signature":       header + "." + body + "." + signature[:8] + "\n" + signature[8:],
		"line feed at the end":             good + "\n",
		"space at the start":               " " + good,
		"space at the end":                 good + " ",
		"space in the payload":             resigned(header, body[:8]+" "+body[8:]),
		"NUL at the end":                   good + "\x00",
		"standard alphabet in the payload": resigned(header, base64.RawStdEncoding.EncodeToString([]byte(payload("note", `"note":"~~~???>>>"`)))),
		"standard alphabet, signature":     standardSignature(signingKey),
		"non-canonical last bits":          nonCanonical(good),
		"percent-encoded dots":             strings.ReplaceAll(good, ".", "%2E"),

		"crit":                with(`{"alg":"HS256","crit":["exp"]}`),
		"crit, unknown":       with(`{"alg":"HS256","crit":["x-never-heard-of"],"x-never-heard-of":1}`),
		"crit, empty list":    with(`{"alg":"HS256","crit":[]}`),
		"crit, null":          with(`{"alg":"HS256","crit":null}`),
		"b64 false":           with(`{"alg":"HS256","b64":false,"crit":["b64"]}`),
		"b64 false, no crit":  with(`{"alg":"HS256","b64":false}`),
		"zip":                 with(`{"alg":"HS256","zip":"DEF"}`),
		"kid unknown":         with(`{"alg":"HS256","kid":"2031"}`),
		"kid empty":           with(`{"alg":"HS256","kid":""}`),
		"kid a path":          sign("", `{"alg":"HS256","kid":"../../../../dev/null"}`, simplePayload),
		"kid a path, our key": with(`{"alg":"HS256","kid":"/proc/sys/kernel/randomize_va_space"}`),
		"kid SQL":             sign("x", `{"alg":"HS256","kid":"' UNION SELECT 'x"}`, simplePayload),
		"kid a command":       with(`{"alg":"HS256","kid":"x|/bin/true"}`),
		"kid a number":        with(`{"alg":"HS256","kid":1}`),
		"kid null":            with(`{"alg":"HS256","kid":null}`),
		"kid a list":          with(`{"alg":"HS256","kid":["a"]}`),
		"own jwk":             sign(other, `{"alg":"HS256","jwk":{"kty":"oct","k":"`+b64(other)+`"}}`, simplePayload),
		"own jku":             sign(other, `{"alg":"HS256","jku":"https://evil.example/keys"}`, simplePayload),
		"own x5u":             sign(other, `{"alg":"HS256","x5u":"https://evil.example/chain"}`, simplePayload),

		"header not JSON":          with(`alg=HS256`),
		"header a list":            with(`[{"alg":"HS256"}]`),
		"header null":              with(`null`),
		"header with a tail":       with(simpleHeader + `{}`),
		"header not UTF-8":         with("{\"alg\":\"HS256\",\"x\":\"\xff\"}"),
		"payload not JSON":         sign(signingKey, simpleHeader, `exp=1`),
		"payload empty":            sign(signingKey, simpleHeader, ``),
		"payload null":             sign(signingKey, simpleHeader, `null`),
		"payload a list":           sign(signingKey, simpleHeader, `[`+simplePayload+`]`),
		"payload deep":             sign(signingKey, simpleHeader, deep),
		"payload with a tail":      sign(signingKey, simpleHeader, simplePayload+`{"user_id":"1"}`),
		"payload with a comma":     sign(signingKey, simpleHeader, simplePayload+`,`),
		"payload with a NUL":       sign(signingKey, simpleHeader, simplePayload+"\x00"),
		"payload with a BOM":       sign(signingKey, simpleHeader, "\ufeff"+simplePayload),
		"payload not UTF-8":        claim("note", "\"note\":\"\xff\xfe\""),
		"payload cut":              sign(signingKey, simpleHeader, simplePayload[:len(simplePayload)-1]),
		"user_id twice":            claim("again", `"user_id":"1"`),
		"exp twice":                claim("again", `"exp":1774094701`),
		"token_type twice, escape": claim("again", `"token\u005ftype":"access"`),

		"refresh token":          claim("token_type", `"token_type":"refresh"`),
		"sliding token":          claim("token_type", `"token_type":"sliding"`),
		"token_type missing":     claim("token_type", ``),
		"token_type in capitals": claim("token_type", `"token_type":"ACCESS"`),
		"token_type null":        claim("token_type", `"token_type":null`),
		"token_type a list":      claim("token_type", `"token_type":["access"]`),
		"Token_Type":             claim("token_type", `"Token_Type":"access"`),

		"exp missing":        claim("exp", ``),
		"exp in capitals":    claim("exp", `"EXP":1774094700`),
		"exp null":           claim("exp", `"exp":null`),
		"exp text":           claim("exp", `"exp":"1774094700"`),
		"exp a bool":         claim("exp", `"exp":true`),
		"exp a list":         claim("exp", `"exp":[1774094700]`),
		"exp an object":      claim("exp", `"exp":{}`),
		"exp past":           claim("exp", `"exp":1774094399`),
		"exp now":            claim("exp", `"exp":1774094400`),
		"exp now, fraction":  claim("exp", `"exp":1774094400.9`),
		"exp zero":           claim("exp", `"exp":0`),
		"exp negative":       claim("exp", `"exp":-1`),
		"exp very negative":  claim("exp", `"exp":-9223372036854775808`),
		"exp NaN":            claim("exp", `"exp":NaN`),
		"exp Infinity":       claim("exp", `"exp":Infinity`),
		"exp 1e400":          claim("exp", `"exp":1e400`),
		"exp 1e18":           claim("exp", `"exp":1e18`),
		"exp 2^63":           claim("exp", `"exp":9223372036854775808`),
		"exp 2^64 and noon":  claim("exp", `"exp":18446744075483646016`),
		"exp milliseconds":   claim("exp", `"exp":1774094700000`),
		"exp hexadecimal":    claim("exp", `"exp":0x7fffffff`),
		"exp a leading zero": claim("exp", `"exp":01774094700`),

		"iat in the future":  claim("iat", `"iat":1774094431`),
		"iat far":            claim("iat", `"iat":253402300799`),
		"iat text":           claim("iat", `"iat":"1774094400"`),
		"iat null":           claim("iat", `"iat":null`),
		"iat negative":       claim("iat", `"iat":-1774094400`),
		"nbf in the future":  claim("nbf", `"nbf":1774094431`),
		"nbf text":           claim("nbf", `"nbf":"0"`),
		"nbf beyond all":     claim("nbf", `"nbf":1e300`),
		"jti missing":        claim("jti", ``),
		"jti empty":          claim("jti", `"jti":""`),
		"jti null":           claim("jti", `"jti":null`),
		"jti a number":       claim("jti", `"jti":1`),
		"jti an object":      claim("jti", `"jti":{}`),
		"jti long":           claim("jti", `"jti":"`+strings.Repeat("j", 256)+`"`),
		"user_id missing":    claim("user_id", ``),
		"user_id in another": claim("user_id", `"User_Id":"7"`),
		"user_id empty":      claim("user_id", `"user_id":""`),
		"user_id null":       claim("user_id", `"user_id":null`),
		"user_id an object":  claim("user_id", `"user_id":{"id":"7"}`),
		"user_id a list":     claim("user_id", `"user_id":["7"]`),
		"user_id true":       claim("user_id", `"user_id":true`),
		"user_id a fraction": claim("user_id", `"user_id":7.5`),
		"user_id 7.0":        claim("user_id", `"user_id":7.0`),
		"user_id negative":   claim("user_id", `"user_id":-7`),
		"user_id 7e0":        claim("user_id", `"user_id":7e0`),
		"user_id 2^64":       claim("user_id", `"user_id":18446744073709551616`),
		"user_id huge":       claim("user_id", `"user_id":`+strings.Repeat("9", 400)),
		"user_id long":       claim("user_id", `"user_id":"`+strings.Repeat("7", 256)+`"`),
		"user_id with NUL":   claim("user_id", `"user_id":"7\u0000"`),
		"sid a number":       claim("sid", `"sid":1`),
		"sid null":           claim("sid", `"sid":null`),
		"sid empty":          claim("sid", `"sid":""`),
	}
	verifier := tokens(t, signingKey, atNoon)
	if _, err := verifier.VerifyAccess(good); err != nil {
		t.Fatalf("the token all others are made of: got %v, want it accepted", err)
	}
	for name, token := range forged {
		t.Run(name, func(t *testing.T) {
			claims, err := verifier.VerifyAccess(token)
			if gallery.CodeOf(err) != gallery.Unauthorized {
				t.Fatalf("got claims %+v and error %v, want Unauthorized", claims, err)
			}
			if claims != (auth.Claims{}) {
				t.Errorf("got claims %+v beside the error, want none", claims)
			}
			if message := err.(*gallery.Error).Message; message != "The token is not valid or has expired." {
				t.Errorf("got message %q, want the one that all refusals share", message)
			}
			for _, piece := range strings.Split(token, ".") {
				if len(piece) > 8 && strings.Contains(fmt.Sprint(err), piece) {
					t.Errorf("the error %v holds a piece of the token", err)
				}
			}
		})
	}
}

// standardSignature is a token whose signature needs + or /, written so.
func standardSignature(key string) string {
	for i := 0; ; i++ {
		text := b64(simpleHeader) + "." + b64(payload("n", fmt.Sprintf(`"n":%d`, i)))
		raw := base64.RawStdEncoding.EncodeToString([]byte(mac(sha256.New, key, text)))
		if strings.ContainsAny(raw, "+/") {
			return text + "." + raw
		}
	}
}

// nonCanonical changes the two bits of the last character that encode nothing:
// a lenient decoder reads the very same signature.
func nonCanonical(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

func TestVerifyAccess_simpleJWT(t *testing.T) {
	id := "0195b7a4-0b7e-7c3e-9f5a-2f6d1c8a4e10"
	for _, test := range []struct {
		name, header, payload, user string
	}{
		{"text id", simpleHeader, simplePayload, "7"},
		{"number id, older releases", simpleHeader, payload("user_id", `"user_id":7`), "7"},
		{"the largest number", simpleHeader, payload("user_id", `"user_id":9223372036854775807`), "9223372036854775807"},
		{"UUID id", simpleHeader, payload("user_id", `"user_id":"`+id+`"`), id},
		{"header in another order", `{"typ":"JWT","alg":"HS256"}`, simplePayload, "7"},
		{"no typ", `{"alg":"HS256"}`, simplePayload, "7"},
		{"no iat", simpleHeader, payload("iat", ``), "7"},
		{"fraction of a second", simpleHeader, payload("exp", `"exp":1774094700.5`), "7"},
		{"iat within the leeway", simpleHeader, payload("iat", `"iat":1774094429`), "7"},
		{"nbf within the leeway", simpleHeader, payload("nbf", `"nbf":1774094429`), "7"},
		{"issuer, audience, own claims", simpleHeader, payload("more", `"iss":"django","aud":["gallery"],"name":"Ada","groups":[1,2]`), "7"},
		{"a key in the header, ours used", `{"alg":"HS256","jwk":{"kty":"oct","k":"eA"},"jku":"https://evil.example/"}`, simplePayload, "7"},
		{"white space in the JSON", simpleHeader, strings.ReplaceAll(simplePayload, ",", " ,\n "), "7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			claims, err := tokens(t, signingKey, atNoon).VerifyAccess(sign(signingKey, test.header, test.payload))
			if err != nil {
				t.Fatalf("got %v, want it accepted", err)
			}
			if claims.UserID != test.user {
				t.Errorf("got user %q, want %q", claims.UserID, test.user)
			}
			if got, want := claims.ExpiresAt.Unix(), int64(1774094700); got != want {
				t.Errorf("got exp %d, want %d", got, want)
			}
			if got, want := claims.TokenID, "5a1f2a38c7b94b4db2cf7aa28b4bd8a1"; got != want {
				t.Errorf("got jti %q, want %q", got, want)
			}
			if claims.SessionID != "" {
				t.Errorf("got session %q, want none", claims.SessionID)
			}
		})
	}
}
