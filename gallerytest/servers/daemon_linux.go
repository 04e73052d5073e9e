package servers

import "syscall"

// attributes has the process run as a user, and get a signal when the test
// process dies: a killed test run leaves no server behind.
func attributes(user *owner, died syscall.Signal) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: died}
	if user != nil {
		a.Credential = &syscall.Credential{Uid: user.uid, Gid: user.gid}
	}
	return a
}
