package servers

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Channels is the specification's own stack: Django Channels under Daphne with
// channels_redis, and Simple JWT, from Debian's packages.
var Channels = Contender{
	Name: "channels", Title: "Django Channels, Daphne, channels_redis", Counted: "Daphne and Redis",
	Missing: func() string {
		const modules = `"channels", "channels_redis", "daphne", "rest_framework_simplejwt"`
		if exec.Command(python, "-c", "from importlib.util import find_spec as f\nraise SystemExit(not all(f(m) for m in ("+modules+")))").Run() != nil {
			return "python3-django-channels, python3-daphne, python3-channels-redis, python3-djangorestframework-simplejwt"
		}
		return hasRedis()
	},
	Start: startChannels,
}

// python is Debian's: another one in the PATH would not find its packages.
const python = "/usr/bin/python3"

//go:embed channels
var channelsProject embed.FS

// channelsServer is a Daphne with its Redis.
type channelsServer struct {
	daphne *process
	redis  *redisServer
	dir    string
	addr   string
}

func startChannels(ctx context.Context, w *Workshop) (_ Server, err error) {
	dir, err := w.room("channels")
	if err != nil {
		return nil, err
	}
	c := &channelsServer{dir: dir}
	defer func() {
		if err != nil {
			_ = c.Close()
		}
	}()
	files, err := fs.Sub(channelsProject, "channels")
	if err != nil {
		return nil, err
	}
	project := filepath.Join(dir, "project")
	if err = os.CopyFS(project, files); err != nil {
		return nil, fmt.Errorf("lay out the project: %w", err)
	}
	if c.redis, err = startRedis(ctx, dir); err != nil {
		return nil, err
	}
	_, redisPort, _ := strings.Cut(c.redis.addr, ":")
	environment := []string{"BENCH_DIR=" + dir, "BENCH_REDIS_PORT=" + redisPort, "PYTHONPATH=" + project, "DJANGO_SETTINGS_MODULE=gallery.settings", "PYTHONDONTWRITEBYTECODE=1"}
	migrate := exec.CommandContext(ctx, python, "-m", "django", "migrate", "--run-syncdb", "-v", "0")
	migrate.Dir, migrate.Env = project, append(plain(), environment...)
	if out, err := migrate.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the database: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c.addr = fmt.Sprintf("127.0.0.1:%d", port)
	c.daphne, err = launch(dir, "daphne", nil, environment, python, "-m", "daphne", "-b", "127.0.0.1", "-p", fmt.Sprint(port), "gallery.asgi:application")
	if err != nil {
		return nil, err
	}
	err = c.daphne.await(ctx, func() error { return listens(c.addr) })
	return c, err
}

func (c *channelsServer) Addr() string   { return c.addr }
func (c *channelsServer) Working() []int { return []int{c.daphne.pid(), c.redis.process.pid()} }
func (c *channelsServer) Holding() []int { return c.Working() }

func (c *channelsServer) Close() error {
	var errs []error
	if c.daphne != nil {
		// Killed: an orderly end takes as many seconds as there are sockets by the
		// thousand, and nothing of it is measured.
		errs = append(errs, c.daphne.end(syscall.SIGKILL))
	}
	if c.redis != nil {
		errs = append(errs, c.redis.close())
	}
	client.CloseIdleConnections() // none of them leads anywhere any more
	os.RemoveAll(c.dir)
	return errors.Join(errs...)
}

func (c *channelsServer) form(ctx context.Context, path string, values url.Values, answer any) error {
	var text []byte
	if err := post(ctx, "http://"+c.addr+path, "application/x-www-form-urlencoded", "", []byte(values.Encode()), &text); err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// loose is how much longer Python writes an artwork_revealed: with a space
// behind each of six colons and four commas.
const loose = 10

// Topic implements [Server].
func (c *channelsServer) Topic(ctx context.Context) (Topic, error) {
	title := titleFor(artworkID(0), "ana", loose)
	var answer struct{ ID string }
	if err := c.form(ctx, "/artworks/", url.Values{"title": {title}}, &answer); err != nil {
		return nil, err
	}
	return channelsTopic{c, answer.ID, title}, nil
}

// NotificationPaths implements [Notifier].
func (c *channelsServer) NotificationPaths(ctx context.Context) ([]string, error) {
	var paths []string
	for n := range Listeners {
		var answer struct{ Access string }
		if err := c.form(ctx, "/users/", url.Values{"username": {fmt.Sprint("listener-", n)}}, &answer); err != nil {
			return nil, err
		}
		paths = append(paths, "/ws/notifications/?token="+url.QueryEscape(answer.Access))
	}
	return paths, nil
}

type channelsTopic struct {
	server    *channelsServer
	id, title string
}

func (t channelsTopic) Path() string { return "/ws/artwork/" + t.id + "/" }

func (t channelsTopic) Payload() []byte {
	return fmt.Appendf(nil, `{"type": "artwork_revealed", "artwork": {"id": %q, "title": %q, "artist": "ana", "is_revealed": true}}`, t.id, t.title)
}

func (t channelsTopic) Broadcast(ctx context.Context) error {
	return t.server.form(ctx, "/artworks/"+t.id+"/reveal/", nil, nil)
}
