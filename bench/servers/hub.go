package servers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
)

// Gorilla, Coder and Gws are plain hubs on popular libraries, as one writes them
// by their examples; see the package hubs.
var (
	Gorilla = hub("gorilla", "hub on gorilla/websocket")
	Coder   = hub("coder", "hub on coder/websocket")
	Gws     = hub("gws", "hub on lxzan/gws")
)

func hub(name, title string) Contender {
	return Contender{Name: name, Title: title, Counted: "the process", Missing: nothing,
		Start: func(ctx context.Context, w *Workshop) (Server, error) {
			dir, err := w.room(name)
			if err != nil {
				return nil, err
			}
			p, err := launch(dir, name, nil, nil, w.bin(name))
			if err != nil {
				return nil, err
			}
			addr, err := p.line(ctx)
			if err != nil {
				_ = p.end(syscall.SIGKILL)
				return nil, err
			}
			return &posted{process: p, dir: dir, addr: addr, watch: "/t/%s", publish: "http://" + addr + "/t/%s"}, nil
		}}
}

// posted is a server whose topics are published to by POSTing the payload.
type posted struct {
	process        *process
	dir            string
	addr           string
	watch, publish string // with the topic's name for %s
	topics         atomic.Int64
}

func (h *posted) Addr() string   { return h.addr }
func (h *posted) Working() []int { return []int{h.process.pid()} }
func (h *posted) Holding() []int { return h.Working() }

func (h *posted) Topic(context.Context) (Topic, error) {
	id := artworkID(h.topics.Add(1))
	return postedTopic{fmt.Sprintf(h.watch, id), fmt.Sprintf(h.publish, id), payload(id, titleFor(id, "ana", 0), "ana")}, nil
}

func (h *posted) Close() error {
	err := h.process.end(syscall.SIGTERM)
	os.RemoveAll(h.dir)
	return err
}

type postedTopic struct {
	path, publish string
	text          []byte
}

func (t postedTopic) Path() string    { return t.path }
func (t postedTopic) Payload() []byte { return t.text }

func (t postedTopic) Broadcast(ctx context.Context) error {
	return post(ctx, t.publish, "application/json", "", t.text, nil)
}

// client keeps its connections: a broadcast should not pay for one.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// post sends a body and reads the answer, which has to be a success. token may
// be empty, answer nil.
func post(ctx context.Context, url, contentType, token string, body []byte, answer *[]byte) error {
	request, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", url, err)
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("POST %s: %s: %.300s", url, response.Status, text)
	}
	if answer != nil {
		*answer = text
	}
	return nil
}
