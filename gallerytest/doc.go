// Package gallerytest is what the gallery's tests share: the check that no
// goroutine outlives its test ([VerifyMain]), a whole gallery inside the test
// process ([Start]) with people who use it ([Person]) and sockets that listen
// to it ([Socket]), and the real program as a process of its own that can be
// killed and started again ([Binary], [Launch]).
//
// It belongs to tests only; nothing of the product imports it.
package gallerytest
