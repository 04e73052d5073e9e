package websockets

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// protocolVersion is the one version of the protocol there is (RFC 6455,
// section 4.1).
const protocolVersion = "13"

// HandshakeError is a handshake that is refused for its form. The request is
// still an ordinary one: whoever gets the error answers it with Status and
// Message, after SetHeader.
type HandshakeError struct {
	Status  int    // 400, 405 or 426
	Message string // for people
}

// Error is the message.
func (e *HandshakeError) Error() string { return e.Message }

// SetHeader sets the fields that go with Status: Allow with 405 (RFC 9110,
// section 15.5.6), with 426 what to upgrade to (section 15.5.22) and in which
// version (RFC 6455, section 4.4).
func (e *HandshakeError) SetHeader(h http.Header) {
	switch e.Status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired:
		h.Set("Upgrade", "websocket")
		h.Add("Connection", "Upgrade")
		h.Set("Sec-WebSocket-Version", protocolVersion)
	}
}

// CheckHandshake checks the form of an opening handshake (RFC 6455, section
// 4.2.1) and answers nothing, so that who is asking, and for what, can be
// judged before the upgrade with an ordinary status. The error is a
// *HandshakeError. Host and Origin are not looked at.
func CheckHandshake(r *http.Request) error {
	switch {
	case r.Method != http.MethodGet:
		return &HandshakeError{http.StatusMethodNotAllowed, "A WebSocket is opened with GET."}
	case r.ProtoMajor < 1 || r.ProtoMajor == 1 && r.ProtoMinor < 1:
		return malformed("A WebSocket needs HTTP/1.1.")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		// The bytes of a body would be taken for frames.
		return malformed("The request for a WebSocket has no body.")
	case !hasToken(r.Header["Upgrade"], "websocket"):
		return &HandshakeError{http.StatusUpgradeRequired, "This address speaks WebSocket only."}
	case !hasToken(r.Header["Connection"], "upgrade"):
		return malformed("The Connection header lacks the upgrade.")
	}
	if err := checkVersion(r.Header["Sec-Websocket-Version"]); err != nil {
		return err
	}
	return checkKey(r.Header["Sec-Websocket-Key"])
}

// checkVersion tells another version, which is worth naming ours, from what is
// no version at all: a number of at most 255 without leading zeros.
func checkVersion(values []string) error {
	if len(values) != 1 {
		return malformed("There must be one Sec-WebSocket-Version.")
	}
	n, err := strconv.ParseUint(values[0], 10, 8)
	switch {
	case err != nil || strconv.FormatUint(n, 10) != values[0]:
		return malformed("The Sec-WebSocket-Version is not a number.")
	case values[0] != protocolVersion:
		return &HandshakeError{http.StatusUpgradeRequired, "Only version 13 of the WebSocket protocol is spoken here."}
	}
	return nil
}

// checkKey asks for the base64 of 16 bytes. The decoder skips line breaks, so
// the length of the text is checked as well.
func checkKey(values []string) error {
	if len(values) != 1 {
		return malformed("There must be one Sec-WebSocket-Key.")
	}
	var key [18]byte
	if len(values[0]) != base64.StdEncoding.EncodedLen(16) {
		return malformed("The Sec-WebSocket-Key is not the base64 of 16 bytes.")
	}
	if n, err := base64.StdEncoding.Decode(key[:], []byte(values[0])); err != nil || n != 16 {
		return malformed("The Sec-WebSocket-Key is not the base64 of 16 bytes.")
	}
	return nil
}

// hasToken looks for token, ignoring case, in a header that is a list and may
// stand on several lines (RFC 9110, section 5.6.1).
func hasToken(values []string, token string) bool {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(part, " \t"), token) {
				return true
			}
		}
	}
	return false
}

func malformed(message string) error {
	return &HandshakeError{http.StatusBadRequest, message}
}
