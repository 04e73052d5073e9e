package loadtest

import (
	"fmt"
	"net"
	"net/netip"
)

// target is where the sockets go and where they come from.
type target struct {
	to      netip.AddrPort
	sources []netip.Addr // taking turns; empty: the system chooses
}

// aim looks the address up once, for thousands of look-ups would measure the
// resolver, and chooses source addresses.
func aim(c Config) (target, error) {
	resolved, err := net.ResolveTCPAddr("tcp", c.Address)
	if err != nil {
		return target{}, fmt.Errorf("look up %s: %w", c.Address, err)
	}
	to := resolved.AddrPort()
	t := target{to: netip.AddrPortFrom(to.Addr().Unmap(), to.Port())}
	if !t.to.IsValid() || t.to.Addr().IsUnspecified() || t.to.Port() == 0 {
		return target{}, fmt.Errorf("%s is not an address to connect to", c.Address)
	}
	wanted := (c.Sockets + portsPerSource - 1) / portsPerSource
	if t.to.Addr().Is4() && t.to.Addr().IsLoopback() {
		for i := range max(c.Sources, wanted) {
			t.sources = append(t.sources, netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + i)}))
		}
		if len(t.sources) == 1 {
			t.sources = nil // the system's own choice
		}
		return t, nil
	}
	if c.Sources > 1 {
		return target{}, fmt.Errorf("%s is not on the IPv4 loopback: sockets cannot come from %d addresses", c.Address, c.Sources)
	}
	if most := ports(); c.Sockets > most {
		return target{}, fmt.Errorf("%d sockets to one address need as many ports, and this machine has %d for them (net.ipv4.ip_local_port_range)", c.Sockets, most)
	}
	return t, nil
}

// source is the address that a socket comes from, invalid where the system
// chooses.
func (t target) source(socket int) netip.Addr {
	if len(t.sources) == 0 {
		return netip.Addr{}
	}
	return t.sources[socket%len(t.sources)]
}
