package gallery

import "time"

// User is an account. The zero value stands for nobody in particular: an
// anonymous visitor.
type User struct {
	ID        string
	Username  string // as typed; unique ignoring case
	Email     string // as typed; unique ignoring case
	Bio       string
	IsArtist  bool // may hang works
	IsAdmin   bool // may broadcast, and delete any comment
	IsActive  bool // a deactivated user opens nothing
	CreatedAt time.Time
}

// Ref is what others get to know of the user.
func (u User) Ref() UserRef { return UserRef{ID: u.ID, Username: u.Username} }

// UserRef is a person as others see them.
type UserRef struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}
