package main

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/strictyaml"
)

// defaultQuota bounds what the store keeps where `store.quota` does not say.
var defaultQuota = quarantine.Quota{
	SenderItems: 200,
	SenderBytes: 1 << 30,
	Items:       50_000,
	Bytes:       20 << 30,
	Reserve:     256 << 20,
}

// defaultKeep is how long held mail waits for a decision.
const defaultKeep = 30 * 24 * time.Hour

// defaultDigest is when reviewers are told each day, in minutes of the local day.
const defaultDigest = 8 * 60

// mostNotices bounds the rate of notices that can be asked for, each second.
const mostNotices = 1000

// relayTo says where mail of the outbox goes; an empty address is nowhere.
type relayTo struct {
	address          string // unix:/path or tcp:host:port
	authorities      string // PEM, as the two that follow
	certificate, key string
	username         string
	passwordFile     string
	noticeRate       int // notices a second
}

func (cr *configReader) store(e strictyaml.Entry) {
	q := &cr.c.process.quota
	number := func(into *int) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			if v, ok := cr.Int(e.Value, e.Field, 0, 100_000_000); ok {
				*into = v
			}
		}
	}
	size := func(into *int64) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			if v, ok := cr.Size(e.Value, e.Field); ok {
				*into = v
			}
		}
	}
	cr.section(e.Value, e.Field, section{
		keys: map[string]func(strictyaml.Entry){
			"path": cr.storePath,
			"quota": func(e strictyaml.Entry) {
				cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
					"senderItems": number(&q.SenderItems),
					"senderBytes": size(&q.SenderBytes),
					"items":       number(&q.Items),
					"bytes":       size(&q.Bytes),
					"reserve":     size(&q.Reserve),
				}})
			},
		},
		unbuilt: []string{"blobs", "postgres", "redis"},
	})
}

func (cr *configReader) storePath(e strictyaml.Entry) {
	var p string
	if !cr.word(e, &p) {
		return
	}
	if p = cr.c.path(p); len(filepath.Join(p, controlName)) > socketPath {
		cr.Errorf(e.Value, e.Field, "write a shorter path", "the path %q is too long for the control socket in it", clip(p, 60))
		return
	}
	cr.c.process.store = p
}

func (cr *configReader) relay(e strictyaml.Entry) {
	r := &cr.c.process.relay
	file := func(into *string) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			var p string
			if cr.word(e, &p) {
				*into = cr.c.path(p)
			}
		}
	}
	m := cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"reinject": cr.reinject,
		"noticeRate": func(e strictyaml.Entry) {
			if v, ok := cr.Int(e.Value, e.Field, 1, mostNotices); ok {
				r.noticeRate = v
			}
		},
		"tls": func(e strictyaml.Entry) {
			cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
				"authorities": file(&r.authorities),
				"certificate": file(&r.certificate),
				"key":         file(&r.key),
			}})
			if (r.certificate == "") != (r.key == "") {
				cr.Errorf(e.Value, e.Field, "write both `certificate` and `key`, or neither", "a certificate needs its key")
			}
		},
		"auth": func(e strictyaml.Entry) {
			m := cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
				"user":         func(e strictyaml.Entry) { cr.word(e, &r.username) },
				"passwordFile": file(&r.passwordFile),
			}})
			m.Require("user", "write the login name")
			m.Require("passwordFile", "write the path of a file that holds the password and nothing else")
		},
	}})
	m.Require("reinject", "write where mail goes back to the MTA, as in `reinject: \"unix:/var/spool/postfix/public/postern-in\"`")
	if !strings.HasPrefix(r.address, "unix:") {
		return
	}
	for _, key := range []string{"tls", "auth"} {
		if at, ok := m.Get(key); ok {
			cr.Errorf(at.At, at.Field, "take it away, or write `reinject: \"tcp:HOST:PORT\"`", "a UNIX socket takes neither TLS nor a login")
		}
	}
}

func (cr *configReader) reinject(e strictyaml.Entry) {
	var text string
	if !cr.word(e, &text) {
		return
	}
	const write = "write `unix:PATH` or `tcp:HOST:PORT`"
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" {
			cr.Errorf(e.Value, e.Field, write, "%q names no path", text)
			return
		}
		if path = cr.c.path(path); len(path) > socketPath {
			cr.Errorf(e.Value, e.Field, "write a shorter path", "the path %q has %d octets; a UNIX socket's may have %d", clip(path, 60), len(path), socketPath)
			return
		}
		cr.c.process.relay.address = "unix:" + path
		return
	}
	rest, ok := strings.CutPrefix(text, "tcp:")
	host, port, err := net.SplitHostPort(rest)
	n, notNumber := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || notNumber != nil || n == 0 || host == "" || strings.ContainsAny(host, "/@ ") {
		cr.Errorf(e.Value, e.Field, write, "%q is not an address that mail can be sent to", clip(text, 60))
		return
	}
	cr.c.process.relay.address = text
}

func (cr *configReader) quarantine(e strictyaml.Entry) {
	m := cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"reviewers": cr.reviewers,
		"keep": func(e strictyaml.Entry) {
			if v, ok := cr.Duration(e.Value, e.Field, time.Hour); ok {
				cr.c.keep = v
			}
		},
		"digest": func(e strictyaml.Entry) {
			text, ok := cr.Text(e.Value, e.Field)
			at, err := time.Parse("15:04", text)
			if ok && err != nil {
				cr.Errorf(e.Value, e.Field, "write a time of day, as in `\"08:00\"`", "%q is no time of day", clip(text, 20))
			} else if ok {
				cr.c.digest = at.Hour()*60 + at.Minute()
			}
		},
	}})
	m.Require("reviewers", "write who looks after held mail, as in `reviewers: [postmaster@example.com]`")
}

func (cr *configReader) reviewers(e strictyaml.Entry) { cr.mailboxes(e, &cr.c.reviewers) }

// mailboxes reads addresses of people, each once.
func (cr *configReader) mailboxes(e strictyaml.Entry, into *[]message.Path) {
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		p, err := message.ParsePath(text)
		if err != nil || p.IsNull() || p.Domain() == "" {
			cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write an address, as in `postmaster@example.com`", "%q is not an address", clip(text, 60))
			continue
		}
		if slices.ContainsFunc(*into, func(o message.Path) bool { return o.Key() == p.Key() }) {
			cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write it once", "%q is listed twice", clip(text, 60))
			continue
		}
		*into = append(*into, p)
	}
}

func (cr *configReader) noticesFrom(e strictyaml.Entry) {
	text, ok := cr.Text(e.Value, e.Field)
	if !ok {
		return
	}
	box, err := dsn.ParseMailbox(text)
	if err != nil || box.Path.Domain() == "" {
		cr.Errorf(e.Value, e.Field, "write a name and an address, as in `\"Mail policy <mail-policy@example.com>\"`", "%q is not one mailbox", clip(text, 60))
		return
	}
	cr.c.notices = box
}
