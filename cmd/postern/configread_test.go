package main

import "testing"

func TestNetworksOfIPv4InIPv6AreThoseOfIPv4(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:192.0.2.0/120": "192.0.2.0/24",
		"::ffff:192.0.2.7":     "192.0.2.7/32",
		"192.0.2.0/24":         "192.0.2.0/24",
		"2001:db8::/32":        "2001:db8::/32",
	} {
		if p, err := network(text); err != nil || p.String() != want {
			t.Errorf("%s is %v (%v), want %s", text, p, err, want)
		}
	}
}
