package servers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
)

// Gallery is this program with its defaults: SQLite, one process. GalleryNodes
// is the same with PostgreSQL and Redis, as one of many nodes. Both run without
// rate limits, which count by address, and here is one.
var (
	Gallery = Contender{
		Name: "gallery", Title: "**this gallery** (SQLite)", Counted: "the process", Missing: nothing,
		Start: func(ctx context.Context, w *Workshop) (Server, error) { return startGallery(ctx, w, "gallery", false) },
	}
	GalleryNodes = Contender{
		Name: "gallery-nodes", Title: "**this gallery** (PostgreSQL, Redis)", Counted: "the node, PostgreSQL and Redis; memory: the node",
		Missing: func() string { return strings.TrimSpace(HasPostgreSQL() + " " + hasRedis()) },
		Start: func(ctx context.Context, w *Workshop) (Server, error) {
			return startGallery(ctx, w, "gallery-nodes", true)
		},
	}
)

// House is a gallery that runs. It is a [Server] and a [Notifier].
type House struct {
	name    string
	w       *Workshop
	dir     string
	args    []string
	addr    string
	process *process

	postgresql *PostgreSQL
	redis      *redisServer

	artist, visitor person
	admin           person // only on SQLite
	works           atomic.Int64
	listeners       []string // tokens of those who listen for notifications
}

type person struct{ name, token string }

func startGallery(ctx context.Context, w *Workshop, name string, nodes bool) (_ *House, err error) {
	dir, err := w.room(name)
	if err != nil {
		return nil, err
	}
	h := &House{name: name, w: w, dir: dir}
	defer func() {
		if err != nil {
			_ = h.Close()
		}
	}()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	h.addr = fmt.Sprintf("127.0.0.1:%d", port)
	h.args = []string{w.bin("gallery"), "serve", "--listen", h.addr, "--data", h.data(), "--rate-limits", "off"}
	if nodes {
		if h.postgresql, err = StartPostgreSQL(ctx, w); err != nil {
			return nil, err
		}
		if h.redis, err = startRedis(ctx, dir); err != nil {
			return nil, err
		}
		h.args = append(h.args, "--database", h.postgresql.URL, "--redis", "redis://"+h.redis.addr,
			"--jwt-key", "bench:"+strings.Repeat("0123456789abcdef", 2), "--master-key", "bench:"+strings.Repeat("fedcba9876543210", 2))
	}
	if err = h.Serve(ctx); err != nil {
		return nil, err
	}
	if err = h.admit(ctx); err != nil {
		return nil, err
	}
	return h, h.Serve(ctx)
}

// admit makes everybody's accounts, and stops the process afterwards: hashing a
// password takes 64 MiB, which would lie in the heap as garbage and hide what
// sockets take.
func (h *House) admit(ctx context.Context) (err error) {
	if h.artist, err = h.register(ctx, "ana", true); err != nil {
		return err
	}
	if h.visitor, err = h.register(ctx, "visitor", false); err != nil {
		return err
	}
	if h.postgresql == nil {
		if h.admin, err = h.operator(ctx); err != nil {
			return err
		}
	}
	for n := range Listeners {
		p, err := h.register(ctx, fmt.Sprintf("listener-%d", n), false)
		if err != nil {
			return err
		}
		h.listeners = append(h.listeners, p.token)
	}
	return h.Stop()
}

// Listen starts the process, again if it ran before, and waits until it says
// that it listens.
func (h *House) Listen(ctx context.Context) (err error) {
	if h.process, err = launch(h.dir, h.name, nil, nil, h.args...); err != nil {
		return err
	}
	_, err = h.process.line(ctx)
	return err
}

// operator makes an admin beside the running process, as operators do.
func (h *House) operator(ctx context.Context) (person, error) {
	p := person{name: "admin"}
	create := exec.CommandContext(ctx, h.args[0], "user", "create", "--data", h.data(), "--email", "admin@example.com", "--username", p.name, "--admin")
	create.Env, create.Stdin = plain(), strings.NewReader(password)
	if out, err := create.CombinedOutput(); err != nil {
		return p, fmt.Errorf("make an admin: %w\n%s", err, out)
	}
	var answer struct{ Access string }
	err := h.Post(ctx, "/auth/login", "", map[string]any{"email": "admin@example.com", "password": password}, &answer)
	p.token = answer.Access
	return p, err
}

// password is everybody's.
const password = "open the gallery"

func (h *House) data() string { return filepath.Join(h.dir, "data") }

// Serve is Listen, and waits until the process is ready.
func (h *House) Serve(ctx context.Context) error {
	if err := h.Listen(ctx); err != nil {
		return err
	}
	return h.process.await(ctx, func() error {
		response, err := client.Get("http://" + h.addr + "/readyz")
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	})
}

// Stop ends the process as a deploy does, with SIGTERM, and waits until it is gone.
func (h *House) Stop() error {
	err := h.process.end(syscall.SIGTERM)
	client.CloseIdleConnections() // none of them leads anywhere any more
	return err
}

// Addr implements [Server].
func (h *House) Addr() string { return h.addr }

// Holding implements [Server].
func (h *House) Holding() []int { return []int{h.process.pid()} }

// Working implements [Server].
func (h *House) Working() []int {
	pids := []int{h.process.pid()}
	if h.redis != nil {
		pids = append(pids, h.redis.process.pid(), h.postgresql.process.pid())
	}
	return pids
}

// Close implements [Server].
func (h *House) Close() error {
	var errs []error
	if h.process != nil {
		errs = append(errs, h.Stop())
	}
	if h.redis != nil {
		errs = append(errs, h.redis.close())
	}
	if h.postgresql != nil {
		errs = append(errs, h.postgresql.Close())
	}
	os.RemoveAll(h.dir)
	return errors.Join(errs...)
}

// Post asks the gallery's API for something.
func (h *House) Post(ctx context.Context, path, token string, body any, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return h.send(ctx, path, "application/json", token, text, answer)
}

func (h *House) send(ctx context.Context, path, contentType, token string, body []byte, answer any) error {
	var text []byte
	if err := post(ctx, "http://"+h.addr+"/api/v1"+path, contentType, token, body, &text); err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func (h *House) register(ctx context.Context, name string, artist bool) (person, error) {
	var answer struct{ Access string }
	err := h.Post(ctx, "/auth/register", "", map[string]any{"username": name, "email": name + "@example.com", "password": password, "is_artist": artist}, &answer)
	return person{name, answer.Access}, err
}

// Topic hangs a work that its first comment reveals.
func (h *House) Topic(ctx context.Context) (Topic, error) { return h.Hang(ctx, 1) }

// Hang hangs a work that so many comments reveal.
func (h *House) Hang(ctx context.Context, comments int) (*Work, error) {
	// The title is chosen before the id is known; all ids are equally long.
	return h.Named(ctx, titleFor(artworkID(0), h.artist.name, 0), comments)
}

// Named is Hang with a title, up to 255 characters.
func (h *House) Named(ctx context.Context, title string, comments int) (*Work, error) {
	w := &Work{house: h, title: title}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := errors.Join(form.WriteField("title", w.title),
		form.WriteField("reveal_conditions", fmt.Sprintf(`[{"condition_type":"interactive","condition_value":{"comment_count":%d}}]`, comments)))
	if err != nil {
		return nil, err
	}
	file, err := form.CreateFormFile("artwork_file", "work")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(file, "What nobody has seen, number %d.\n", h.works.Add(1)) // a buffer takes everything
	if err := form.Close(); err != nil {
		return nil, err
	}
	var answer struct{ ID string }
	if err := h.send(ctx, "/artworks", form.FormDataContentType(), h.artist.token, body.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("hang a work: %w", err)
	}
	w.ID = answer.ID
	return w, nil
}

// NotificationPaths implements [Notifier].
func (h *House) NotificationPaths(context.Context) ([]string, error) {
	var paths []string
	for _, token := range h.listeners {
		paths = append(paths, notifications(token))
	}
	return paths, nil
}

func notifications(token string) string { return "/ws/notifications/?token=" + url.QueryEscape(token) }

// ArtistPath is NotificationPaths for the artist, who alone is told of comments.
func (h *House) ArtistPath() string { return notifications(h.artist.token) }

// Announce sends a system message to every notifications socket (SQLite only).
func (h *House) Announce(ctx context.Context, text string) error {
	return h.Post(ctx, "/admin/broadcast", h.admin.token, map[string]string{"message": text}, nil)
}
