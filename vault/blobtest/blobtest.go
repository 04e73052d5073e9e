// Package blobtest is the conformance suite of vault.Blobs: what every store
// of sealed bytes must do, whichever it is.
package blobtest
