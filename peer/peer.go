// Package peer tells from which address a request came, for limits and for the
// log. X-Forwarded-For is believed only when a trusted proxy says it: anybody
// else could write any address there, and walk around every limit.
package peer

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Resolver knows which proxies are trusted. It does not change after New and
// is safe for concurrent use; a nil Resolver trusts none.
type Resolver struct {
	trusted []netip.Prefix
}

// New makes a Resolver that trusts the proxies in the given CIDRs ("10.0.0.0/8")
// or single addresses. It refuses what is neither.
func New(trusted []string) (*Resolver, error) {
	r := &Resolver{}
	for _, text := range trusted {
		p, err := parsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q is neither a CIDR such as 10.0.0.0/8 nor an address", text)
		}
		r.trusted = append(r.trusted, p)
	}
	return r, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// Address is the client's address: the peer's, or, while that is a trusted
// proxy, the one it names as its own peer. It is the zero Addr when even the
// peer has none (a Unix socket).
func (r *Resolver) Address(req *http.Request) netip.Addr {
	return r.Resolve(req.RemoteAddr, req.Header.Values("X-Forwarded-For"))
}

// Resolve is Address for callers without an http.Request: remote is
// "host:port", forwarded the X-Forwarded-For lines in their order.
func (r *Resolver) Resolve(remote string, forwarded []string) netip.Addr {
	addr, ok := parse(remote)
	if !ok || !r.trusts(addr) || len(forwarded) == 0 {
		return addr
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	// From the right: each proxy appends whom it heard. The first hop that no
	// trusted proxy vouches for is the client; what stands left of it is
	// hearsay.
	for i := len(hops) - 1; i >= 0 && r.trusts(addr); i-- {
		hop, ok := parse(strings.TrimSpace(hops[i]))
		if !ok {
			break // "unknown" or nonsense: the last address that is known stands
		}
		addr = hop
	}
	return addr
}

func (r *Resolver) trusts(a netip.Addr) bool {
	if r == nil {
		return false
	}
	for _, p := range r.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Key is what the limits per address count by: see Group.
func (r *Resolver) Key(req *http.Request) string { return Group(r.Address(req)) }

// Group is the text under which an address is counted: an IPv4 address by
// itself, an IPv6 address by its /64, which is the least that one household is
// given; counted singly, its owner would have 2⁶⁴ of them.
func Group(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	if a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// parse reads an address with or without a port, IPv6 with or without
// brackets. An IPv4 address in IPv6 clothes counts as IPv4.
func parse(text string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err == nil
}
