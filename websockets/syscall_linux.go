package websockets

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The two system calls of the hot paths, on descriptors that never block. The
// scheduler is not told of them: that would cost more than a tenth of the call.

// tryRead reads what has come into b, which is not empty. errno is EAGAIN when
// nothing has, and n 0 at the end.
func tryRead(fd int32, b []byte) (n int, errno syscall.Errno) {
	return transfer(unix.SYS_READ, fd, b)
}

// tryWrite writes what is taken of b, which is not empty. errno is EAGAIN when
// that is nothing.
func tryWrite(fd int32, b []byte) (n int, errno syscall.Errno) {
	return transfer(unix.SYS_WRITE, fd, b)
}

func transfer(call uintptr, fd int32, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
