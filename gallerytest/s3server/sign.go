package s3server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	sumHeader  = "X-Amz-Content-Sha256"
	dateFormat = "20060102T150405Z"
)

// proof is what a request's signature says, and what its body's is checked with.
type proof struct {
	key       []byte // the signing key of the day
	date      string // in dateFormat
	scope     string // day/region/s3/aws4_request
	signature string
	payload   string // the header sumHeader
}

// authorize checks the signature of the request's head; when it is wrong the
// request is answered. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func (c *call) authorize() bool {
	fields := map[string]string{}
	scheme, rest, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	for _, field := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	credential := strings.SplitN(fields["Credential"], "/", 2)
	if scheme != "AWS4-HMAC-SHA256" || len(credential) != 2 {
		c.refuse(403, "AccessDenied", "Access Denied.")
		return false
	}
	p := proof{date: c.r.Header.Get("X-Amz-Date"), signature: fields["Signature"], payload: c.r.Header.Get(sumHeader)}
	date, err := time.Parse(dateFormat, p.date)
	if away := c.now().Sub(date); err != nil || away.Abs() > 15*time.Minute {
		c.refuse(403, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large.")
		return false
	}
	if credential[0] != c.AccessKey {
		c.refuse(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
		return false
	}
	day := p.date[:8]
	p.scope = day + "/" + c.Region + "/s3/aws4_request"
	// Whoever asks where the bucket is cannot know its region yet.
	if c.request.Op == "GetBucketLocation" && credential[1] == day+"/us-east-1/s3/aws4_request" {
		p.scope = credential[1]
	}
	if credential[1] != p.scope {
		c.refuse(400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region is wrong; expecting '"+c.Region+"'.")
		return false
	}
	region := strings.Split(p.scope, "/")[1]
	p.key = []byte("AWS4" + c.SecretKey)
	for _, part := range []string{day, region, "s3", "aws4_request"} {
		p.key = sign(p.key, part)
	}
	canonical, err := canonicalRequest(c.r, strings.Split(fields["SignedHeaders"], ";"))
	if err != nil {
		c.refuse(403, "AccessDenied", err.Error())
		return false
	}
	if got := p.sign("AWS4-HMAC-SHA256", sum([]byte(canonical))); !hmac.Equal([]byte(got), []byte(p.signature)) {
		c.refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		return false
	}
	if c.r.Header.Get("X-Amz-Security-Token") != c.SessionToken {
		c.refuse(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
		return false
	}
	c.proof = p
	return true
}

// sign signs the sum of what is canonical, with what it follows on in between.
func (p proof) sign(algorithm string, parts ...string) string {
	return hex.EncodeToString(sign(p.key, strings.Join(append([]string{algorithm, p.date, p.scope}, parts...), "\n")))
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func sum(p []byte) string {
	s := sha256.Sum256(p)
	return hex.EncodeToString(s[:])
}

// canonicalRequest writes the request in the one form that is signed. Every
// header that changes its meaning has to be among the signed ones.
func canonicalRequest(r *http.Request, signed []string) (string, error) {
	for name := range r.Header {
		name = strings.ToLower(name)
		if (strings.HasPrefix(name, "x-amz-") || name == "content-md5") && !slices.Contains(signed, name) {
			return "", fmt.Errorf("the header %s is not signed", name)
		}
	}
	if !slices.Contains(signed, "host") || !slices.IsSorted(signed) {
		return "", fmt.Errorf("signed headers %v: want them sorted, host among them", signed)
	}
	var query []string
	for name, values := range r.URL.Query() {
		for _, value := range values {
			query = append(query, escape(name, "")+"="+escape(value, ""))
		}
	}
	slices.Sort(query)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, escape(r.URL.Path, "/"), strings.Join(query, "&"))
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&b, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
	}
	fmt.Fprintf(&b, "\n%s\n%s", strings.Join(signed, ";"), r.Header.Get(sumHeader))
	return b.String(), nil
}

// escape is Amazon's UriEncode: everything but unreserved characters and those
// in safe.
func escape(text, safe string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~"+safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
