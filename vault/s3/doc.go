// Package s3 keeps the vault's sealed bytes in a bucket of an S3-compatible
// store: Amazon's, MinIO, Ceph, Garage, R2 and their like. [Bucket] implements
// [vault.Blobs] for any number of nodes at once, which need no lock among them:
// a blob is one object, and an object appears whole or not at all.
//
//	s3://bucket[/prefix]?endpoint=https://host[:port]&region=…&path-style=true|false
//
// A blob goes up as it is written, in parts of 8 MiB with one part in memory; a
// small one is a single PUT at Commit. It comes down in few requests whatever
// is read of it: one for its beginning, which also tells its length and
// version, one for its end, where a sealed work has the chunk that vouches for
// its length, and one for each stretch that is read in sequence between them.
// All of them name the version that was opened (If-Match), so a replaced blob
// is an error and never a mixture.
//
// The store sees sealed bytes only, and pictures that are public.
//
// A versioned bucket keeps what is removed until its lifecycle rules say
// otherwise; a gallery wants one without versions.
package s3
