package prober

import (
	"net/netip"
	"testing"
)

func TestRefuse(t *testing.T) {
	allow := Options{Allowed: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
	denied := Options{Denied: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Allow: func(netip.Addr) bool { return true }}
	cases := []struct {
		addr            string
		refused, always bool
	}{
		{"203.0.113.10", false, false},
		{"::ffff:203.0.113.10", false, false},
		{"2001:db8::1", false, false},
		{"8.8.8.8", false, false},
		{"64:ff9b::808:808", false, false},
		{"10.1.2.3", true, false},
		{"172.31.255.1", true, false},
		{"192.168.0.1", true, false},
		{"100.64.0.1", true, false},
		{"fd12::1", true, false},
		{"::ffff:10.1.2.3", true, false},
		{"127.0.0.1", true, true},
		{"127.9.9.9", true, true},
		{"::1", true, true},
		{"::ffff:127.0.0.1", true, true},
		{"0.0.0.0", true, true},
		{"0.1.2.3", true, true},
		{"::", true, true},
		{"169.254.169.254", true, true},
		{"169.254.1.1", true, true},
		{"::ffff:169.254.169.254", true, true},
		{"fe80::1", true, true},
		{"fe80::1%eth0", true, true},
		{"2001:db8::1%eth0", true, true},
		{"224.0.0.1", true, true},
		{"255.255.255.255", true, true},
		{"ff02::1", true, true},
		{"fd00:ec2::254", true, true},
		{"fd20:ce::254", true, true},
		{"168.63.129.16", true, true},
		{"100.100.100.200", true, true},
		{"64:ff9b::a9fe:a9fe", true, true},
		{"2002:a9fe:a9fe::1", true, true},
		{"::a9fe:a9fe", true, true},
		{"64:ff9b::a01:203", true, true},
	}
	for _, test := range cases {
		addr := netip.MustParseAddr(test.addr)
		if why := Refuse(addr); (why != "") != test.refused {
			t.Errorf("Refuse(%s) = %q, want refused %v", addr, why, test.refused)
		}
		if why := allow.refuse(addr); (why != "") != test.always {
			t.Errorf("%s where all is allowed: %q, want refused %v", addr, why, test.always)
		}
	}
	if Refuse(netip.Addr{}) == "" {
		t.Error("no address is not refused")
	}
	for _, addr := range []string{"203.0.113.1", "::ffff:203.0.113.1", "64:ff9b::cb00:7101"} {
		if denied.refuse(netip.MustParseAddr(addr)) == "" {
			t.Errorf("denied %s is not refused", addr)
		}
	}
}
