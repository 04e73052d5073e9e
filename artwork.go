package gallery

import "time"

// Artwork is one work on the wall, hidden or revealed, as its owner may know
// it. What a stranger is shown of it before the reveal is decided at the edges:
// Seal.Size and Seal.Salt stay unsaid until then, and the content stays sealed
// in the vault.
type Artwork struct {
	ID          string
	Title       string
	Description string
	AltText     string
	Artist      UserRef

	ContentType string // media type told by the bytes at upload, such as "image/png"
	Seal        Seal
	Placeholder string // media type of the artist's own placeholder picture, "" without one

	RevealWhen RevealWhen
	Conditions []Condition // in the order the artist gave them, 1 to MaxConditions (any number when imported)
	RevealedAt time.Time   // zero while hidden; set once, never taken back

	ViewCount    int64 // distinct signed-in viewers, the artist not among them
	CommentCount int64 // comments that stand now
	// ViewsBefore is how many views the work had in the gallery it was imported
	// from, by that one's count; 0 for every other. The milestones up to it were
	// announced there.
	ViewsBefore int64
	Reactions   map[string]int64

	CreatedAt time.Time
	UpdatedAt time.Time
}

// IsRevealed tells whether the work can be seen.
func (a Artwork) IsRevealed() bool { return !a.RevealedAt.IsZero() }

// State is what an artwork socket says of the work.
func (a Artwork) State() ArtworkState {
	return ArtworkState{ID: a.ID, Title: a.Title, Artist: a.Artist.Username, IsRevealed: a.IsRevealed()}
}

// ArtworkState is the little that travels over sockets: metadata, never the
// content (specification, "Security Considerations").
type ArtworkState struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Artist     string `json:"artist"` // the username
	IsRevealed bool   `json:"is_revealed"`
}

// Seal is what the vault needs to open a work again, and what it published
// about the work when it sealed it.
type Seal struct {
	// Commitment is SHA-256(salt ‖ content) in hex, public from the start. The
	// salt keeps it from confirming a guess before the reveal.
	Commitment string
	Salt       string // 16 bytes in hex, public after the reveal
	Size       int64  // bytes of content, public after the reveal
	KeyID      string // the master key that wrapped the file key
	WrappedKey []byte // the file key, wrapped for this artwork alone
}

// Comment is what somebody said about an artwork.
type Comment struct {
	ID        string
	ArtworkID string
	User      UserRef
	Content   string
	CreatedAt time.Time
}
