package main

import (
	"net"
	"net/netip"

	"github.com/postern-mail/postern/strictyaml"
)

// metrics reads listen.metrics: where measurements and the state of health are
// asked for.
func (cr *configReader) metrics(e strictyaml.Entry) {
	var text string
	if !cr.word(e, &text) {
		return
	}
	a, err := readAddress(text, func(p string) (string, error) { return cr.c.path(p), nil })
	if err != nil {
		cr.Errorf(e.Value, e.Field, "write `HOST:PORT` or `unix:PATH`, as in `127.0.0.1:9890`", "%v", err)
		return
	}
	if a.network == "tcp" && !local(a.address) {
		cr.Hintf(e.Value, e.Field, "write a loopback address, or see to it that only your Prometheus reaches the port",
			"whoever reaches this port reads the names of policies and how much mail there is")
	}
	cr.c.process.metrics = a
}

// local tells whether a host and port are of this machine only.
func local(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
