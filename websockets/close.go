package websockets

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// The close codes that this server sends: those of RFC 6455, section 7.4.1,
// and from 4000 on the gallery's own.
const (
	CloseNormal        = 1000
	CloseGoingAway     = 1001 // deploy or shutdown: reconnect, with jitter
	CloseProtocolError = 1002 // an illegal frame
	CloseUnsupported   = 1003 // a binary message where only text is understood
	CloseNoStatus      = 1005 // never sent: the peer's close frame had no code
	CloseAbnormal      = 1006 // never sent: the connection broke without a close frame
	CloseInvalidText   = 1007 // text that is not UTF-8
	CloseTooBig        = 1009 // a message over the limit
	CloseInternal      = 1011 // a bug of ours
	CloseServerBusy    = 1013
	CloseSignedOut     = 4401 // token expired or revoked
	CloseDeleted       = 4404 // the artwork is gone
	CloseTooSlow       = 4408 // the peer does not take what it is sent
	CloseTooMany       = 4429 // the peer sends too many frames
)

// closeError is why a connection must end: the code and reason of the close
// frame to send.
type closeError struct {
	code   int
	reason string
}

func (e *closeError) Error() string { return "close the connection: " + e.reason }

func protocolError(reason string) error { return &closeError{CloseProtocolError, reason} }

// closeFrame frames a close message. A reason too long for a control frame is
// cut between two characters, and no reason fits without a code.
func closeFrame(code int, reason string) Frame {
	if code == CloseNoStatus {
		return newFrame(opClose, nil)
	}
	payload := binary.BigEndian.AppendUint16(make([]byte, 0, maxControl), uint16(code))
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	for len(reason) > maxControl-2 {
		_, size := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-size]
	}
	return newFrame(opClose, append(payload, reason...))
}

// parseClose reads the payload of the peer's close frame (RFC 6455, section
// 5.5.1). An empty one has the code CloseNoStatus.
func parseClose(payload []byte) (code int, err error) {
	switch {
	case len(payload) == 0:
		return CloseNoStatus, nil
	case len(payload) == 1:
		return 0, protocolError("close frame with half a code")
	}
	code = int(binary.BigEndian.Uint16(payload))
	if !validCloseCode(code) {
		return 0, protocolError("close code that may not be sent")
	}
	if !utf8.Valid(payload[2:]) {
		return 0, &closeError{CloseInvalidText, "close reason that is not UTF-8"}
	}
	return code, nil
}

// validCloseCode tells whether a peer may send code: the registered ones up to
// 1014 but for the reserved 1004 to 1006, libraries' 3000–3999 and
// applications' 4000–4999 (RFC 6455, section 7.4, and the IANA registry).
func validCloseCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	}
	return code >= 3000 && code <= 4999
}
