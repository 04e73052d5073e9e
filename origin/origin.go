// Package origin decides who may talk to the gallery from a browser, and under
// which names it answers (docs/protocol.md, "Tokens": own origins are the
// public URL and the allowed origins, and with neither the loopback names with
// the listening port).
//
// Two questions are kept apart:
//
//   - May a page of that origin talk to us? [Policy.OriginAllowed] On sockets
//     the session cookie counts only with such an Origin ([Policy.Own]); on REST
//     an origin other than the page's own is stopped by the CSRF check besides,
//     and gets CORS without credentials.
//   - Do we go by that name? [Policy.HostAllowed] A page that rebinds its own
//     name to our address (DNS rebinding) would otherwise pass for ours;
//     that is why "the origin equals the Host" is never asked.
package origin

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Policy is what New was told. It does not change and is safe for concurrent
// use.
type Policy struct {
	public   origin   // zero without a public URL
	allowed  []origin // those of --allowed-origins
	loopback string   // the listening port
}

// origin is a scheme, host and port in one spelling (RFC 6454, section 4):
// lower case, no trailing dot, IPv6 shortest and without brackets, the port
// always there.
type origin struct{ scheme, host, port string }

// New makes a Policy. publicURL may be empty; allowed are origins such as
// "https://app.example"; listen is the address of the listener, "host:port"
// with the real port (not 0). It refuses what is not an http or https origin.
func New(publicURL string, allowed []string, listen string) (*Policy, error) {
	p := &Policy{}
	if publicURL != "" {
		o, err := parse(strings.TrimSuffix(publicURL, "/"))
		if err != nil {
			return nil, fmt.Errorf("public URL %q: %w", publicURL, err)
		}
		p.public = o
	}
	for _, text := range allowed {
		o, err := parse(strings.TrimSuffix(strings.TrimSpace(text), "/"))
		if err != nil {
			return nil, fmt.Errorf("allowed origin %q: %w", text, err)
		}
		p.allowed = append(p.allowed, o)
	}
	_, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" || port == "0" {
		return nil, fmt.Errorf("listening address %q has no port", listen)
	}
	p.loopback = port
	return p, nil
}

// OriginAllowed tells whether a page of the origin, the value of an Origin
// header, may talk to the gallery. No Origin ("") is not a browser, and may;
// the opaque origin "null" may not.
func (p *Policy) OriginAllowed(header string) bool {
	if header == "" {
		return true
	}
	o, err := parse(header)
	return err == nil && p.allows(o)
}

func (p *Policy) allows(o origin) bool {
	if p.public == (origin{}) && len(p.allowed) == 0 {
		return p.isLoopback(o)
	}
	if o == p.public {
		return true
	}
	for _, a := range p.allowed {
		if o == a {
			return true
		}
	}
	return false
}

// Own tells whether the origin, the value of an Origin header, is one of the
// gallery's own, on whose pages the session cookie speaks for the user. No
// Origin is not ours to know, and false.
func (p *Policy) Own(header string) bool { return header != "" && p.OriginAllowed(header) }

// HostAllowed tells whether the gallery goes by a name, the value of a Host
// header: that of the public URL, of an allowed origin, or a loopback name,
// which nobody can rebind. A port must be the right one; a missing port passes,
// for there are proxies that strip it.
func (p *Policy) HostAllowed(header string) bool {
	host, port, ok := splitHost(header)
	if !ok {
		return false
	}
	fits := func(o origin) bool {
		return o.host != "" && o.host == host && (port == "" || port == o.port)
	}
	if fits(p.public) || isLoopbackName(host) && (port == "" || port == p.loopback) {
		return true
	}
	for _, a := range p.allowed {
		if fits(a) {
			return true
		}
	}
	return false
}

// Public is the origin of the public URL, "" without one.
func (p *Policy) Public() string {
	if p.public == (origin{}) {
		return ""
	}
	host := p.public.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if p.public.port == defaultPort(p.public.scheme) {
		return p.public.scheme + "://" + host
	}
	return p.public.scheme + "://" + host + ":" + p.public.port
}

// Secure tells whether the gallery's pages come over https, so that cookies
// are marked Secure.
func (p *Policy) Secure() bool { return p.public.scheme == "https" }

func (p *Policy) isLoopback(o origin) bool {
	return o.scheme == "http" && o.port == p.loopback && isLoopbackName(o.host)
}

// isLoopbackName knows localhost, 127.0.0.0/8 and ::1.
func isLoopbackName(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && !a.Is4In6() && a.IsLoopback()
}

// parse reads an origin strictly: scheme, host and port and nothing else. What
// a URL parser would generously accept — user information, a path, a query — no
// browser ever sends, so it is somebody's attempt to look like somebody else.
func parse(text string) (origin, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return origin{}, fmt.Errorf("must begin with http:// or https://")
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" ||
		strings.ContainsAny(text, "?#@\\") || strings.HasSuffix(u.Host, ":") {
		return origin{}, fmt.Errorf("must be only scheme, host and port")
	}
	host, port, ok := splitHost(u.Host)
	if !ok {
		return origin{}, fmt.Errorf("has no host in plain letters (write international names in their xn-- form)")
	}
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return origin{u.Scheme, host, port}, nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// splitHost brings "host" or "host:port" into the one spelling; port is ""
// where there is none.
func splitHost(text string) (host, port string, ok bool) {
	host = text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
		if port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "" || port[0] == '0' {
			return "", "", false
		}
	}
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		inner, closed := strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		if !closed || err != nil || !a.Is6() || a.Zone() != "" {
			return "", "", false
		}
		return a.String(), port, true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host, port, host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") == ""
}
