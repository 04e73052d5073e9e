package servers

import "testing"

// TestPayloadSize holds that every contender sends as many bytes.
func TestPayloadSize(t *testing.T) {
	id := artworkID(7)
	if got := len(payload(id, titleFor(id, "ana", 0), "ana")); got != PayloadSize {
		t.Errorf("the payload has %d bytes, want %d", got, PayloadSize)
	}
	written := channelsTopic{id: id, title: titleFor(id, "ana", loose)}.Payload()
	if got := len(written); got != PayloadSize {
		t.Errorf("the payload of Channels has %d bytes, want %d", got, PayloadSize)
	}
}
