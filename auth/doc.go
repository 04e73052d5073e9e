// Package auth knows who somebody is: passwords, tokens, tickets and browser
// sessions, and where a request carries them.
//
//   - [Tokens] signs and verifies JWTs as Django REST Framework Simple JWT
//     makes them, so either server opens doors with the other's tokens as long
//     as they share a signing key ([ParseKeys]).
//   - [Passwords] hashes with Argon2id and still reads what Django stored.
//   - [NewSecret] makes the random texts behind tickets and browser sessions;
//     the store keeps only their hash.
//   - [FromRequest] finds the one [Credential] of a request.
//
// Nothing here asks a database whether the person still exists, whether the
// session was ended or the ticket spent: that is the curator's part. Nothing
// here writes a log, and what is secret shows itself to no fmt verb, no slog
// handler and no JSON encoder.
package auth
