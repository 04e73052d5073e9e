package websockets

import (
	"errors"
	"sync"
)

// visit is what the two consumers have in common: a connection that does not
// exist yet while the consumer already listens, and what must be given back when
// the visitor is gone.
type visit struct {
	server *Server

	// mu guards the fields below and those of the consumer around it. Whatever
	// is sent is sent under it, so what a consumer has decided to say goes out
	// in the order of the deciding.
	mu   sync.Mutex
	conn *Conn // nil until the upgrade
	// ending is why it must close as soon as there is a connection to
	// close; the first reason stands.
	ending *closeError

	// owed is called, last first, when the visitor is gone: the places in the
	// groups, and those it was counted in. Written before the upgrade only.
	owed []func()
}

// owe adds something to be given back.
func (v *visit) owe(giveBack func()) { v.owed = append(v.owed, giveBack) }

// settle gives back what is owed: from Closed, or from the handshake when that
// failed and there will be no Closed.
func (v *visit) settle() {
	for i := len(v.owed) - 1; i >= 0; i-- {
		v.owed[i]()
	}
	v.owed = nil
}

// end closes the socket, or has it closed right after it opened.
func (v *visit) end(code int, reason string) {
	v.mu.Lock()
	conn := v.conn
	if conn == nil && v.ending == nil {
		v.ending = &closeError{code, reason}
	}
	v.mu.Unlock()
	if conn != nil {
		conn.Close(code, reason)
	}
}

// fault closes the socket over an error of the store's that is no answer.
func (v *visit) fault(err error) {
	if errors.Is(err, errPanic) {
		v.end(CloseInternal, "internal error")
		return
	}
	v.trouble()
}

// trouble closes the socket because the store has failed it: the client is to
// come back and hear the truth then, rather than something made up now.
func (v *visit) trouble() { v.end(CloseServerBusy, "try again later") }
