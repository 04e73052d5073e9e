package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine is for transactions that take so long at most, 10 s when 0.
func postgresEngine(patience time.Duration) engine {
	if patience <= 0 {
		patience = 10 * time.Second
	}
	return engine{
		lockRows:   " FOR NO KEY UPDATE", // rows that refer to a locked one may still come
		skipLocked: " FOR NO KEY UPDATE SKIP LOCKED",
		lockOut:    " FOR UPDATE",
		keepUsers:  " FOR KEY SHARE OF u",
		// A statement that waited for a row's lock goes on with what the other
		// one left; repeatable read would have to start all over.
		writes:   &sql.TxOptions{Isolation: sql.LevelReadCommitted},
		reads:    &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		attempts: 6,
		patience: patience,
		now:      "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
		tables:   "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
	}
}

// openPostgres connects to the database at url and returns the version that its
// schema had.
func (db *DB) openPostgres(ctx context.Context, url string, opts Options) (version int64, err error) {
	db.engine = postgresEngine(opts.Patience)
	config, err := postgresConfig(url, db.engine.patience)
	if err != nil {
		return 0, err
	}
	within, cancel := db.bound(ctx)
	defer cancel()
	// Writers wait, for each other's locks and for the disk, and commits that
	// wait together reach it together: on two cores, 64 writers at once, eight
	// connections carry twice as much as two, and more carry no more. Readers
	// keep a core of the server busy each.
	cores := runtime.GOMAXPROCS(0)
	db.writer = pool(config, max(8, 4*cores))
	db.reader = pool(config, max(4, 2*cores))
	var number int
	if err := db.writer.QueryRowContext(within, "SELECT CAST(current_setting('server_version_num') AS INTEGER)").Scan(&number); err != nil {
		return 0, whyNot(config, err)
	}
	if err := checkVersion(number); err != nil {
		return 0, err
	}
	before, err := db.engine.schema(within, db.writer)
	if err != nil {
		return 0, whyNot(config, err)
	}
	if err := before.check(opts.Migrate); err != nil {
		return 0, err
	}
	if opts.Migrate == MigrateAuto {
		if err := migratePostgres(ctx, config); err != nil {
			return 0, err
		}
	}
	return before.version, db.measure(ctx)
}

// postgresConfig reads the URL and adds what it leaves open. The settings are
// those of a session: they go away with it.
func postgresConfig(url string, patience time.Duration) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// What the driver says of a URL may hold a part of a misplaced password.
		return nil, errors.New("the URL cannot be read; it looks like postgres://user:password@host:5432/database?sslmode=require")
	}
	const connectWithin = 5 * time.Second
	if config.ConnectTimeout <= 0 || config.ConnectTimeout > connectWithin {
		config.ConnectTimeout = connectWithin
	}
	config.DialFunc = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3, // a dead peer is found while nothing is asked
	}}).DialContext
	limit := strconv.FormatInt(patience.Milliseconds(), 10)
	for name, value := range map[string]string{
		"application_name": "gallery",
		// When a node is cut off from the server, nobody tells the server: its
		// transactions would go on, and hold their locks, for as long as TCP hopes.
		"statement_timeout":                   limit,
		"idle_in_transaction_session_timeout": limit,
	} {
		if _, ok := config.RuntimeParams[name]; !ok {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// pool is size connections at most. They are kept while they are used often,
// and none for ever, so that they spread again over what stands behind the
// address.
func pool(config *pgx.ConnConfig, size int) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		// Without it a server's crash takes acknowledged commits along. Other
		// values wait for replicas as well, which is the operator's choice.
		_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
		return err
	}))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute)
	return db
}

// dropIdle closes the connections that nobody uses. Where one was lost the
// others are, too, and each would cost a transaction, or its patience, to find
// out.
func (db *DB) dropIdle() {
	for _, pool := range []*sql.DB{db.writer, db.reader} {
		if pool == nil {
			continue
		}
		kept := pool.Stats().MaxOpenConnections
		pool.SetMaxIdleConns(0)
		pool.SetMaxIdleConns(kept)
	}
}

// oldest is the first version of PostgreSQL that the gallery is tested with.
const oldest = 14

// checkVersion judges a server_version_num, such as 140005.
func checkVersion(number int) error {
	if number < oldest*10_000 {
		return fmt.Errorf("the server is PostgreSQL %d, which is too old: the gallery needs %d or later", number/10_000, oldest)
	}
	return nil
}
