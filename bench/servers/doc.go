// Package servers starts what is measured beside each other, each as processes
// of its own on free ports of the loopback, behind one shape: [Contender] says
// what it is and starts it, [Server] is how it runs, [Topic] is one thing that
// many sockets watch and that is broadcast to them once.
//
// Whatever a contender is, its subscribers get the same number of bytes, and
// what it costs is read in the same way ([Usage]).
package servers
