package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/ratelimit"
)

// dataSettings is where the gallery lies, for every command that touches it.
type dataSettings struct {
	Data string `env:"GALLERY_DATA" default:"${data}" placeholder:"DIR" help:"Where everything is kept (${default})."`
}

// tokenSettings is the key that tokens are signed with.
type tokenSettings struct {
	JWTKey string `name:"jwt-key" env:"GALLERY_JWT_KEY" placeholder:"KEY" help:"What tokens are signed with: a text of at least 32 bytes, or several as id:text,id:text, of which the first signs. Made at the first start when not given."`
}

// serveSettings are the settings of the server, with their environment twins.
type serveSettings struct {
	Listen string `env:"GALLERY_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to listen on; port 0 takes a free one (${default})."`
	dataSettings
	tokenSettings
	MasterKey      string     `env:"GALLERY_MASTER_KEY" placeholder:"KEY" help:"What works are sealed with, in the same form. Made at the first start when not given."`
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
func (s serveSettings) config(log io.Writer) node.Config {
	limits := ratelimit.Defaults()
	if s.RateLimits == "off" {
		limits = ratelimit.Off()
	}
	return node.Config{
		Data:           s.Data,
		Listen:         s.Listen,
		JWTKey:         s.JWTKey,
		MasterKey:      s.MasterKey,
		PublicURL:      s.PublicURL,
		AllowedOrigins: s.AllowedOrigins,
		TrustedProxies: s.TrustedProxies,
		Limits:         limits,
		MaxUpload:      int64(s.MaxUpload),
		InboxRetention: time.Duration(s.InboxRetention),
		Log:            s.logger(log),
	}
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
