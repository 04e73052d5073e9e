// Package s3server is a small S3-compatible store for tests, on the loopback.
// It holds one bucket in memory and does what the gallery asks of such a store,
// as strictly as Amazon's: every request must be signed (AWS Signature Version
// 4), and the signature is checked with the body's, be it a checksum, chunk by
// chunk, or with a trailer. Requests are logged, and can be made to fail.
package s3server
