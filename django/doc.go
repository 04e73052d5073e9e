// Package django takes over a gallery of the specification's own stack: the
// Django tables in PostgreSQL or SQLite become accounts, sealed works, views
// and comments of this one.
//
// [Open] reads the old database in one unchanging snapshot and never writes to
// it; [Import] copies what it holds and returns a [Report] of everything that
// could not be taken along as it was. What is there already is left alone, and
// each work arrives whole or not at all, so an import that broke off is simply
// run again.
//
// # What becomes of what
//
// Ids are kept: UUIDs in their canonical spelling, whole numbers as their
// digits, so that tokens of Simple JWT go on naming their user. Artworks,
// conditions and comments need a UUID here; one with another id gets a UUID
// that is computed from it, the same in every run.
//
// Contents are decrypted and sealed anew while they stream; no plaintext
// touches a disk. Their type is told by the bytes. A work that does not decrypt
// or whose type this gallery refuses is left out. A key that opens none of the
// works is found out before anything is written.
//
// Names are compared here without regard to case or compatibility forms. Of two
// accounts that clash, active ones come before deactivated ones, and then the
// first by id keeps the name; the other becomes name-2. Addresses are what
// people sign in with: an account whose address is empty, wrong or taken gets
// <id>@imported.invalid, which nothing can be mailed to, and signs in with that.
//
// Passwords in Django's PBKDF2 (SHA-256) and Argon2 go on working; their hash
// is replaced at the first login. Accounts with another hash are kept without a
// password, until an operator sets one.
//
// A view is a person here: repeated, anonymous and the artist's own ones are
// dropped. What was met stays met, what was revealed stays revealed, since the
// moment its first condition was met, and nobody is told of either again.
package django
