package main

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/audit/export"
	"github.com/postern-mail/postern/strictyaml"
)

// exportTo is a target that records are sent to, on and on. What does not belong to
// its kind is zero.
type exportTo struct {
	kind    string // jsonl, syslog or webhook
	types   string // operations of the records that are sent, with commas between; empty is all
	backlog bool   // a new target begins with the oldest record

	path string // of jsonl

	network, address string // of syslog
	facility, length int
	hostname         string

	url        string // of webhook
	secretFile string
	private    bool

	authorities      string // PEM, as the two that follow
	certificate, key string
}

// reports reads what reports may tell.
func (cr *configReader) reports(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"senders": func(e strictyaml.Entry) { cr.boolean(e, &cr.c.senders) },
	}})
}

// audit reads where records are sent.
func (cr *configReader) audit(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){"export": cr.exports}})
}

func (cr *configReader) exports(e strictyaml.Entry) {
	if isEmptyList(e.Value) {
		return
	}
	for i, n := range cr.List(e.Value, e.Field) {
		field := strictyaml.Index(e.Field, i)
		var x exportTo
		m := cr.section(n, field, section{keys: map[string]func(strictyaml.Entry){
			"jsonl":   func(e strictyaml.Entry) { cr.jsonl(e, &x) },
			"syslog":  func(e strictyaml.Entry) { cr.syslog(e, &x) },
			"webhook": func(e strictyaml.Entry) { cr.webhook(e, &x) },
		}})
		if cr.Probing() {
			continue
		}
		if len(m.Entries()) != 1 {
			cr.Errorf(n, field, "write one of `jsonl`, `syslog` and `webhook`, and the next as an item of its own", "a target is of one kind")
			continue
		}
		if x.kind == "" {
			continue
		}
		if slices.ContainsFunc(cr.c.process.exports, func(o exportTo) bool { return o.name() == x.name() }) {
			cr.Errorf(n, field, "write it once", "two targets are the same")
			continue
		}
		cr.c.process.exports = append(cr.c.process.exports, x)
	}
}

// common are the keys of every target.
func (cr *configReader) common(x *exportTo, keys map[string]func(strictyaml.Entry)) section {
	keys["types"] = func(e strictyaml.Entry) {
		texts, nodes, _ := cr.Texts(e.Value, e.Field)
		for i, text := range texts {
			if err := checkOperations([]string{text}); err != nil {
				cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write operations of records, as in `[DlpRuleMatch, ItemReleased]`", "%v", err)
			}
		}
		x.types = strings.Join(texts, ",")
	}
	keys["backlog"] = func(e strictyaml.Entry) { cr.boolean(e, &x.backlog) }
	return section{keys: keys}
}

func (cr *configReader) jsonl(e strictyaml.Entry, x *exportTo) {
	if isScalar(e.Value) && !cr.Probing() {
		cr.file(&x.path)(e)
	} else {
		if cr.Probing() {
			cr.Text(e.Value, e.Field)
		}
		m := cr.section(e.Value, e.Field, cr.common(x, map[string]func(strictyaml.Entry){"file": cr.file(&x.path)}))
		m.Require("file", "write the path of the file")
	}
	if x.path != "" {
		x.kind = "jsonl"
	}
}

func (cr *configReader) syslog(e strictyaml.Entry, x *exportTo) {
	x.facility = export.Facilities["local0"]
	m := cr.section(e.Value, e.Field, cr.common(x, map[string]func(strictyaml.Entry){
		"address": func(e strictyaml.Entry) { cr.syslogAddress(e, x) },
		"facility": func(e strictyaml.Entry) {
			var names []string
			for name := range export.Facilities {
				names = append(names, name)
			}
			slices.Sort(names)
			if w, ok := cr.OneOf(e.Value, e.Field, names...); ok {
				x.facility = export.Facilities[w]
			}
		},
		"hostname": func(e strictyaml.Entry) { cr.word(e, &x.hostname) },
		"maxLength": func(e strictyaml.Entry) {
			if v, ok := cr.Int(e.Value, e.Field, export.MinLength, export.MaxLength); ok {
				x.length = v
			}
		},
		"authorities": cr.file(&x.authorities),
		"certificate": cr.file(&x.certificate),
		"key":         cr.file(&x.key),
	}))
	m.Require("address", "write where syslog listens, as in `tls://siem.example.com:6514` or `unix:/dev/log`")
	if (x.certificate == "") != (x.key == "") {
		cr.Errorf(e.Value, e.Field, "write both `certificate` and `key`, or neither", "a certificate needs its key")
	}
	if x.network != "tls" && x.network != "" && (x.authorities != "" || x.certificate != "") {
		cr.Errorf(e.Value, e.Field, "write `tls://HOST:PORT`, or take the files away", "certificates are for TLS only")
	}
	if x.length == 0 {
		x.length = export.DefaultLength
		if x.network == "udp" {
			x.length = export.DefaultUDP
		}
	}
}

func (cr *configReader) syslogAddress(e strictyaml.Entry, x *exportTo) {
	var text string
	if !cr.word(e, &text) {
		return
	}
	const write = "write `udp://HOST:PORT`, `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:/dev/log`"
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if path == "" || len(cr.c.path(path)) > socketPath {
			cr.Errorf(e.Value, e.Field, write, "%q names no socket", clip(text, 60))
			return
		}
		x.kind, x.network, x.address = "syslog", "unix", cr.c.path(path)
		return
	}
	network, rest, found := strings.Cut(text, "://")
	host, port, err := net.SplitHostPort(rest)
	if n, notNumber := strconv.ParseUint(port, 10, 16); !found || err != nil || notNumber != nil || n == 0 || host == "" ||
		strings.ContainsAny(host, "/@ ") || !slices.Contains([]string{"udp", "tcp", "tls"}, network) {
		cr.Errorf(e.Value, e.Field, write, "%q is not where syslog can listen", clip(text, 60))
		return
	}
	x.kind, x.network, x.address = "syslog", network, rest
	if network != "tls" && !loopback(host) {
		cr.Hintf(e.Value, e.Field, "write `tls://`", "records name people, and would cross the network in clear")
	}
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (cr *configReader) webhook(e strictyaml.Entry, x *exportTo) {
	var at strictyaml.Entry
	m := cr.section(e.Value, e.Field, cr.common(x, map[string]func(strictyaml.Entry){
		"url": func(e strictyaml.Entry) {
			at = e
			cr.word(e, &x.url)
		},
		"secret": func(e strictyaml.Entry) {
			m := cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){"file": cr.file(&x.secretFile)}})
			m.Require("file", "write the path of a file that holds the secret and nothing else")
		},
		"allowPrivate": func(e strictyaml.Entry) { cr.boolean(e, &x.private) },
		"authorities":  cr.file(&x.authorities),
	}))
	m.Require("url", "write the address, as in `https://siem.example.com/postern`")
	m.Require("secret", "write `secret: {file: …}`, by which the receiver knows requests for ours")
	if x.url == "" || cr.Probing() {
		return
	}
	u, err := url.Parse(x.url)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		// What is written may hold a password.
		cr.Errorf(at.Value, at.Field, "write `https://HOST/PATH`", "this is no address that requests can be sent to")
		return
	case u.Scheme == "http" && !x.private:
		cr.Errorf(at.Value, at.Field, "write `https://`; `http://` is for `allowPrivate: true`", "records name people, and would cross the network in clear")
		return
	}
	if a, err := netip.ParseAddr(u.Hostname()); (err == nil && !export.Public(a) || u.Hostname() == "localhost") && !x.private {
		cr.Errorf(at.Value, at.Field, "add `allowPrivate: true` if that is meant", "%s is this machine or in a private network", u.Hostname())
		return
	}
	x.kind = "webhook"
}
