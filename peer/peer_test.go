package peer_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"invisibleart.example/gallery/peer"
)

func TestAddress(t *testing.T) {
	for _, test := range []struct {
		name      string
		trusted   []string
		remote    string
		forwarded []string
		want      string
	}{
		{"the peer itself", nil, "192.0.2.1:5000", nil, "192.0.2.1"},
		{"a stranger's header", nil, "192.0.2.1:5000", []string{"10.9.9.9"}, "192.0.2.1"},
		{"an untrusted proxy's header", []string{"10.0.0.0/8"}, "192.0.2.1:5000", []string{"10.9.9.9"}, "192.0.2.1"},
		{"a trusted proxy", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"192.0.2.7"}, "192.0.2.7"},
		{"a trusted proxy without the header", []string{"10.0.0.0/8"}, "10.0.0.1:5000", nil, "10.0.0.1"},
		{"what the client wrote itself", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7"},
		{"two proxies", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"198.51.100.1, 192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"several lines", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"192.0.2.7", "10.0.0.2"}, "192.0.2.7"},
		{"trusted all the way", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"10.0.0.3,10.0.0.2"}, "10.0.0.3"},
		{"nonsense", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"192.0.2.7, unknown"}, "10.0.0.1"},
		{"nonsense behind a hop", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"bogus, 10.0.0.2"}, "10.0.0.2"},
		{"empty", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{""}, "10.0.0.1"},
		{"with ports", []string{"10.0.0.0/8"}, "10.0.0.1:5000", []string{"192.0.2.7:1234"}, "192.0.2.7"},
		{"a single trusted address", []string{"10.0.0.1"}, "10.0.0.1:5000", []string{"192.0.2.7"}, "192.0.2.7"},
		{"its neighbour", []string{"10.0.0.1"}, "10.0.0.2:5000", []string{"192.0.2.7"}, "10.0.0.2"},
		{"IPv6", []string{"::1"}, "[::1]:5000", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets with a port", []string{"::1"}, "[::1]:5000", []string{"[2001:db8::7]:99"}, "2001:db8::7"},
		{"IPv4 in IPv6 clothes", []string{"10.0.0.0/8"}, "[::ffff:10.0.0.1]:5000", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"a Unix socket", []string{"10.0.0.0/8"}, "@", []string{"192.0.2.7"}, "invalid IP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := peer.New(test.trusted)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = test.remote
			for _, f := range test.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := p.Address(r).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNobodyTrustsByDefault(t *testing.T) {
	var p *peer.Resolver
	if got, want := p.Resolve("127.0.0.1:1", []string{"192.0.2.1"}).String(), "127.0.0.1"; got != want {
		t.Errorf("a nil resolver says %s, want %s", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0"} {
		if _, err := peer.New([]string{text}); err == nil {
			t.Errorf("%q is accepted, want an error", text)
		}
	}
}

func TestGroup(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1":         "192.0.2.1",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"2001:db8:1:2:9::9": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":   "2001:db8:1:3::/64",
		"fe80::1%eth0":      "fe80::/64",
	} {
		if got := peer.Group(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	if got, want := peer.Group(netip.Addr{}), "unknown"; got != want {
		t.Errorf("no address: got %s, want %s", got, want)
	}
}
