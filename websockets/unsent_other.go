//go:build unix && !linux && !darwin

package websockets

// limitUnsent does nothing: this system has no such option.
func limitUnsent(int) {}
