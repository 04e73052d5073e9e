package websockets

// The channels of the broker.

// systemChannel carries what everybody's notifications socket hears.
const systemChannel = "system"

// reachChannel is subscribed by nobody.
const reachChannel = "reach"

// artworkChannel carries what happens to one artwork.
func artworkChannel(artworkID string) string { return "artwork:" + artworkID }

// userChannel carries one user's notifications, and the doorbell that some of
// the user's credentials have ended.
func userChannel(userID string) string { return "user:" + userID }
