//go:build !linux

package servers

import "syscall"

// attributes is nothing: only Linux can have a process end with its parent, and
// elsewhere nobody runs tests as root.
func attributes(*owner, syscall.Signal) *syscall.SysProcAttr { return nil }
