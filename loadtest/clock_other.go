//go:build !linux

package loadtest

func monotonic() int64 { return 0 }
