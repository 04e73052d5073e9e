package node

import (
	"log/slog"
	"time"

	"invisibleart.example/gallery/auth"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
	"invisibleart.example/gallery/vault/s3"
)

// Config is what a node is told, in plain values. The zero value of each field
// but Data is usable; cmd/gallery has the defaults people meet.
type Config struct {
	// Data is the data directory; it is made where it is missing, unless
	// everything is somewhere else.
	Data string

	// Database is the URL of a PostgreSQL database, "" for a file in Data.
	Database string
	// Migrate says whether Open brings the schema up to date.
	Migrate store.MigrateMode
	// Blobs is where sealed works lie: a directory that all nodes share, the URL
	// of an S3 bucket (see package s3), or "" for a directory in Data.
	Blobs string
	// S3 has the credentials for a bucket.
	S3 s3.Options
	// Redis is where nodes hear each other (see package redis for the form), ""
	// for a node that is alone. RedisPrefix goes before every name there.
	Redis, RedisPrefix string

	// Listen is the address the listener really has, host:port. Without a
	// PublicURL and AllowedOrigins it decides which pages are the gallery's own.
	// Empty: DefaultListen.
	Listen string

	// JWTKey and MasterKey are key texts of at least 32 bytes, or several as
	// "id:text,id:text", of which the first writes and all read. Empty: the key
	// in the data directory. It is made at the first start, but not beside a
	// Database: each of several nodes would make one of its own.
	JWTKey    string
	MasterKey string

	PublicURL      string   // where people reach the gallery, "" when it is not behind anything
	AllowedOrigins []string // further origins whose pages may use the gallery
	TrustedProxies []string // CIDRs whose X-Forwarded-For is believed

	Limits         ratelimit.Table // zero: no limits
	MaxUpload      int64           // bytes of one work, 0 for the default of 64 MiB
	InboxRetention time.Duration   // how long notifications are kept, 0 for the default of 365 days

	PasswordCost auth.Cost        // zero: the recommended cost
	Log          *slog.Logger     // nil: nothing is logged
	Now          func() time.Time // nil: time.Now

	patience time.Duration // of a transaction in PostgreSQL; zero: the store's own
}

// What the zero values of Config stand for.
const (
	DefaultListen         = "127.0.0.1:8080"
	DefaultMaxUpload      = 64 << 20
	DefaultInboxRetention = 365 * 24 * time.Hour
)

// usesData tells whether rows or works lie in the data directory, which then
// belongs to one process.
func (c Config) usesData() bool { return c.Database == "" || c.Blobs == "" }

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = DefaultMaxUpload
	}
	if c.InboxRetention == 0 {
		c.InboxRetention = DefaultInboxRetention
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
