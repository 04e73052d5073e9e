// Package demo fills a running gallery with works and people, for ever, so that
// whoever looks has something to see: works that reveal by time, by viewers, by
// comments, a fresh one after each reveal, and a crowd that looks and talks at a
// human pace.
//
// It is an ordinary client. Everything it does goes through the REST API, with
// accounts that it registers itself; it knows nothing of the server but its
// address.
package demo
