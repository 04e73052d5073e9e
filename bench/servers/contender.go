package servers

import (
	"context"
	"os"
	"path/filepath"
)

// PayloadSize is how long every broadcast message is, in bytes, without the
// frame's head of 4.
const PayloadSize = 200

// Contender is one of those that are measured.
type Contender struct {
	Name    string // as in --only
	Title   string // as in the tables
	Counted string // whose processor time and memory count
	// Missing says what is not installed, "" when everything is there.
	Missing func() string
	Start   func(ctx context.Context, w *Workshop) (Server, error)
}

// Server is a contender that runs. Topics may be made and broadcast side by
// side; its other methods are called one at a time.
type Server interface {
	Addr() string // host:port, for sockets
	// Working are the processes whose time counts, Holding those whose memory
	// does. What they start themselves belongs to them.
	Working() []int
	Holding() []int
	// Topic makes something new to watch.
	Topic(ctx context.Context) (Topic, error)
	// Close ends every process and removes what they kept.
	Close() error
}

// Topic is what many sockets watch. It is broadcast once.
type Topic interface {
	Path() string    // where a socket watches it
	Payload() []byte // what is broadcast; each socket gets exactly this, once
	// Broadcast has the server send the payload. It may return before, during or
	// after that.
	Broadcast(ctx context.Context) error
}

// Notifier is a Server with the specification's notifications endpoint.
type Notifier interface {
	// NotificationPaths are targets with valid tokens, each of another of
	// [Listeners] users.
	NotificationPaths(ctx context.Context) ([]string, error)
}

// Listeners is how many users listen for notifications.
const Listeners = 20

// Workshop is what contenders are made from and where they keep what they need.
type Workshop struct {
	Root string // of the repository
	Dir  string // scratch; removed by whoever made it
	Bin  string // where what is built lies
	// Log is told in a line what is worth telling.
	Log func(format string, args ...any)
}

// room makes a directory for one run of a contender.
func (w *Workshop) room(name string) (string, error) {
	return os.MkdirTemp(w.Dir, name+"-")
}

// bin is the path of something that Build built.
func (w *Workshop) bin(name string) string { return filepath.Join(w.Bin, name) }

// nothing is for contenders that need only Go.
func nothing() string { return "" }
