package loadtest

import (
	"fmt"
	"os"
)

// ports is how many ports outgoing connections of one address can have.
func ports() int {
	var low, high int
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		if _, err := fmt.Sscan(string(text), &low, &high); err == nil && high >= low {
			return high - low + 1
		}
	}
	return 16_384 // the range that IANA names, 49152 to 65535, which most systems take
}
