package servers

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// FloorC and FloorGo are the kernel's own price: a bare loop of write(2) on one
// thread, over sockets that shook hands before.
var (
	FloorC = Contender{
		Name: "floor", Title: "bare loop of `write()`, C", Counted: "the process",
		Missing: func() string {
			if _, err := exec.LookPath("gcc"); err != nil {
				return "gcc"
			}
			return ""
		},
		Start: func(ctx context.Context, w *Workshop) (Server, error) { return startFloor(ctx, w, "floor-c") },
	}
	FloorGo = Contender{
		Name: "floor-go", Title: "bare loop of `write()`, Go", Counted: "the process", Missing: nothing,
		Start: func(ctx context.Context, w *Workshop) (Server, error) { return startFloor(ctx, w, "floor") },
	}
)

// floor is a bare loop. It knows no topics: whoever is there gets everything.
type floor struct {
	process *process
	dir     string
	addr    string
	control net.Conn
	answers *bufio.Reader
	topics  atomic.Int64
}

func startFloor(ctx context.Context, w *Workshop, bin string) (Server, error) {
	dir, err := w.room(bin)
	if err != nil {
		return nil, err
	}
	f := &floor{dir: dir}
	if f.process, err = launch(dir, bin, nil, nil, w.bin(bin)); err != nil {
		return nil, err
	}
	line, err := f.process.line(ctx)
	var port, controlPort int
	if err == nil {
		_, err = fmt.Sscan(line, &port, &controlPort)
	}
	if err == nil {
		f.addr = fmt.Sprintf("127.0.0.1:%d", port)
		f.control, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", controlPort))
	}
	if err != nil {
		_ = f.process.end(syscall.SIGKILL)
		return nil, fmt.Errorf("start %s: %w", bin, err)
	}
	f.answers = bufio.NewReader(f.control)
	return f, nil
}

func (f *floor) Addr() string   { return f.addr }
func (f *floor) Working() []int { return []int{f.process.pid()} }
func (f *floor) Holding() []int { return f.Working() }

func (f *floor) Topic(context.Context) (Topic, error) {
	id := artworkID(f.topics.Add(1))
	return floorTopic{f, payload(id, titleFor(id, "ana", 0), "ana")}, nil
}

func (f *floor) Close() error {
	f.control.Close()
	err := f.process.end(syscall.SIGTERM)
	os.RemoveAll(f.dir)
	return err
}

type floorTopic struct {
	floor *floor
	text  []byte
}

func (t floorTopic) Path() string    { return "/" }
func (t floorTopic) Payload() []byte { return t.text }

func (t floorTopic) Broadcast(context.Context) error {
	if err := t.floor.control.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(t.floor.control, "%d\n%s", len(t.text), t.text); err != nil {
		return err
	}
	_, err := t.floor.answers.ReadString('\n')
	return err
}
