// Package vault seals works and opens them again.
//
// A work is encrypted while it streams in, with a key of its own, in the age
// format (age-encryption.org/v1): chunks of 64 KiB, each authenticated, so a
// sealed work can be read from any offset and a truncated, reordered or
// altered one gives an error, never a wrong byte. That file key is wrapped with
// AES-256-GCM under a master key, for this artwork alone (its id is additional
// data), and lives in the artwork's row as [gallery.Seal]; the age header
// carries a stanza without a key. So neither the files nor the database opens
// anything alone, and a new master key costs one short column per row
// ([Vault.Rewrap]), not a pass over the files.
//
//	content := vault.Inspect(…)            what is it, and may it hang here?
//	sealing := v.Seal(ctx, id, content)    encrypts; nothing is visible yet
//	sealing.Commit()                       durable; now write the row
//	v.Open(ctx, id, artwork.Seal)          seekable plaintext
//
// The plaintext exists in memory only, a chunk at a time: it is never written
// to a disk, not even to a temporary file.
//
// Where sealed bytes lie is the business of [Blobs]; [Dir] keeps them in a
// directory, of one process or on a volume that several share, and the package
// s3 in a bucket. A picture that an artist offers as a placeholder is public from
// the start and stored beside the work as it came.
package vault
