//go:build linux

// Floor is the bare loop of c/floor.c in Go: one locked thread, raw system
// calls, the same control connection. The two beside each other show what the
// language adds to a loop of write(2).
package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

func main() {
	runtime.LockOSThread()
	listener, port := listen()
	controls, controlPort := listen()
	fmt.Println(port, controlPort)
	control, _, err := syscall.Accept4(controls, syscall.SOCK_CLOEXEC)
	if err != nil {
		log.Fatal(err)
	}
	orders := bufio.NewReader(descriptor(control))
	var sockets []int
	waits := []pollFD{{fd: int32(control), events: pollIn}, {fd: int32(listener), events: pollIn}}
	for {
		if _, _, err := syscall.Syscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&waits[0])), 2, ^uintptr(0)); err != 0 && err != syscall.EINTR {
			log.Fatal(err)
		}
		if waits[1].revents != 0 {
			if fd, ok := welcome(listener); ok {
				sockets = append(sockets, fd)
			}
		}
		if waits[0].revents == 0 {
			continue
		}
		frame, err := read(orders)
		if err != nil {
			return // control has ended
		}
		sockets = broadcast(sockets, frame)
		if _, err := syscall.Write(control, []byte("\n")); err != nil {
			return
		}
	}
}

const pollIn = 1

// pollFD is struct pollfd of poll(2).
type pollFD struct {
	fd              int32
	events, revents int16
}

// broadcast writes the frame once to each socket, and drops those that fail.
func broadcast(sockets []int, frame []byte) []int {
	kept := sockets[:0]
	start, length := uintptr(unsafe.Pointer(&frame[0])), uintptr(len(frame))
	for _, fd := range sockets {
		if n, _, err := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), start, length); err == 0 && n == length {
			kept = append(kept, fd)
		} else {
			syscall.Close(fd)
		}
	}
	runtime.KeepAlive(frame)
	return kept
}

// read takes a length, a newline and so many bytes, and makes a frame of them.
func read(orders *bufio.Reader) ([]byte, error) {
	line, err := orders.ReadString('\n')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || length > 0xffff {
		return nil, fmt.Errorf("a length of %q", line)
	}
	frame := []byte{0x81, byte(length)}
	if length > 125 {
		frame = []byte{0x81, 126, byte(length >> 8), byte(length)}
	}
	head := len(frame)
	frame = append(frame, make([]byte, length)...)
	_, err = io.ReadFull(orders, frame[head:])
	return frame, err
}

// welcome takes one connection and answers its handshake.
func welcome(listener int) (fd int, ok bool) {
	fd, _, err := syscall.Accept4(listener, syscall.SOCK_CLOEXEC)
	if err != nil {
		return 0, false
	}
	var buffer [4096]byte
	n := 0
	for !bytes.Contains(buffer[:n], []byte("\r\n\r\n")) {
		got, err := syscall.Read(fd, buffer[n:])
		if err != nil || got <= 0 {
			syscall.Close(fd)
			return 0, false
		}
		n += got
	}
	_, after, _ := bytes.Cut(buffer[:n], []byte("Sec-WebSocket-Key: "))
	key, _, _ := bytes.Cut(after, []byte("\r\n"))
	sum := sha1.Sum(append(key[:len(key):len(key)], "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	if _, err := syscall.Write(fd, []byte(answer)); err != nil {
		syscall.Close(fd)
		return 0, false
	}
	return fd, true
}

// listen opens a blocking listener on a free port of the loopback.
func listen() (fd, port int) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = syscall.Listen(fd, 4096)
	}
	var name syscall.Sockaddr
	if err == nil {
		name, err = syscall.Getsockname(fd)
	}
	if err != nil {
		log.Fatal(err)
	}
	return fd, name.(*syscall.SockaddrInet4).Port
}

// descriptor reads from a blocking descriptor.
type descriptor int

func (d descriptor) Read(b []byte) (int, error) {
	n, err := syscall.Read(int(d), b)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return max(n, 0), err
}
