package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migratePostgres brings the schema up to date. Nodes that start at once wait
// for the one that got the lock, which goes away with its session.
func migratePostgres(ctx context.Context, config *pgx.ConnConfig) (err error) {
	const wait = 10 * 60 // s
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, wait), lock.WithUnlockTimeout(1, 5))
	if err != nil {
		return err
	}
	config = config.Copy()
	config.RuntimeParams = maps.Clone(config.RuntimeParams)
	for _, limit := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		config.RuntimeParams[limit] = "0" // a step over a large table takes what it takes
	}
	db := pool(config, 1)
	defer func() { err = errors.Join(err, db.Close()) }()
	return migrate(ctx, db, goose.DialectPostgres, byBytes{migrations}, goose.WithSessionLocker(locker))
}

// byBytes is the migrations with every text compared by its bytes, as SQLite
// does it and as Go sorts: a database that sorts by a language would lock rows
// in another order than the one that everybody keeps to, and lists would page
// differently.
type byBytes struct{ fs.FS }

// Open implements [fs.FS].
func (b byBytes) Open(name string) (fs.File, error) {
	file, err := b.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if _, ok := file.(fs.ReadDirFile); ok {
		return file, nil
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	text = bytes.ReplaceAll(text, []byte(" TEXT "), []byte(` TEXT COLLATE "C" `))
	return rewritten{file, bytes.NewReader(text)}, nil
}

// rewritten is a file with another content.
type rewritten struct {
	fs.File
	text *bytes.Reader
}

// Read implements [fs.File].
func (r rewritten) Read(p []byte) (int, error) { return r.text.Read(p) }
