package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
	"invisibleart.example/gallery/store"
)

// serveSettings are the settings of the server, with their environment twins.
type serveSettings struct {
	Listen string `env:"GALLERY_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to listen on; port 0 takes a free one (${default})."`
	storeSettings
	Migrate string `env:"GALLERY_MIGRATE" enum:"auto,off" default:"auto" placeholder:"auto|off" help:"Whether to bring the schema of the store up to date at the start, or to refuse an older one until gallery migrate has run (${default})."`
	worksSettings
	tokenSettings
	Redis          string     `env:"GALLERY_REDIS" placeholder:"URL" help:"Where the nodes hear each other: redis://host:6379, rediss://…, several with commas between for a Cluster, sentinel://host:26379,…/name. Needed for more than one node."`
	RedisPrefix    string     `env:"GALLERY_REDIS_PREFIX" default:"gallery:" placeholder:"TEXT" help:"Goes before every name in Redis; galleries that share one must differ in it (${default})."`
	PublicURL      string     `name:"public-url" env:"GALLERY_PUBLIC_URL" placeholder:"URL" help:"Where people reach the gallery, when that is not the address it listens on."`
	AllowedOrigins []string   `env:"GALLERY_ALLOWED_ORIGINS" placeholder:"ORIGIN" help:"Further origins whose pages may use the gallery."`
	TrustedProxies []string   `env:"GALLERY_TRUSTED_PROXIES" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed."`
	RateLimits     string     `env:"GALLERY_RATE_LIMITS" enum:"on,off" default:"on" placeholder:"on|off" help:"Limits on requests, registrations, handshakes and sockets; wrong passwords are always limited (${default})."`
	MaxUpload      size       `env:"GALLERY_MAX_UPLOAD" default:"64MiB" placeholder:"SIZE" help:"Largest work that is taken, such as 64MiB or 10MB (${default})."`
	InboxRetention days       `env:"GALLERY_INBOX_RETENTION" default:"365d" placeholder:"DAYS" help:"How long notifications are kept, such as 365d or 12h (${default})."`
	LogLevel       slog.Level `env:"GALLERY_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
	LogFormat      string     `env:"GALLERY_LOG_FORMAT" enum:"text,json" default:"text" placeholder:"text|json" help:"Form of the log on standard error (${default})."`
}

// config turns the settings into what a node is told.
func (s serveSettings) config(log io.Writer) (node.Config, error) {
	c := s.storeSettings.config()
	err := errors.Join(s.tokenSettings.into(&c), s.worksSettings.into(&c))
	if s.Migrate == "off" {
		c.Migrate = store.MigrateOff
	}
	c.Limits = ratelimit.Defaults()
	if s.RateLimits == "off" {
		c.Limits = ratelimit.Off()
	}
	c.Listen = s.Listen
	c.Redis, c.RedisPrefix = s.Redis, s.RedisPrefix
	c.PublicURL, c.AllowedOrigins, c.TrustedProxies = s.PublicURL, s.AllowedOrigins, s.TrustedProxies
	c.MaxUpload, c.InboxRetention = int64(s.MaxUpload), time.Duration(s.InboxRetention)
	c.Log = s.logger(log)
	return c, err
}

func (s serveSettings) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// size is a number of bytes as people write it: 64MiB, 10MB, 4096.
type size int64

// UnmarshalText reads a size; see parseSize.
func (s *size) UnmarshalText(text []byte) (err error) {
	n, err := parseSize(string(text))
	*s = size(n)
	return err
}

// days is a time that is usually counted in days: 365d, or anything
// time.ParseDuration reads.
type days time.Duration

// UnmarshalText reads a time of at least a minute; see parseDays.
func (d *days) UnmarshalText(text []byte) error {
	duration, err := parseDays(string(text))
	*d = days(duration)
	return err
}

var errSize = fmt.Errorf("want a size such as 64MiB, 10MB or 4096 (bytes), between 1 byte and 1 TiB")
var errDays = fmt.Errorf("want a time such as 365d or 12h, between a minute and 36500 days")
