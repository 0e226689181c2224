package main

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/strictyaml"
)

// socketPath is the longest path of a UNIX socket that the kernel takes.
const socketPath = 107

// section reads one mapping of postern.yaml: each key has its reader, and keys
// of features that are not built are refused by name.
type section struct {
	keys    map[string]func(strictyaml.Entry)
	unbuilt []string
}

// configReader reads postern.yaml into a config, collecting every mistake.
type configReader struct {
	*strictyaml.Reader
	c *config
}

// readConfig reads postern.yaml. The configuration holds what could be read,
// with defaults for the rest, also when there are mistakes.
func readConfig(file string, data []byte) (*config, []strictyaml.Problem) {
	c := defaults(file)
	c.process.store = filepath.Clean(c.process.store)
	r, root := strictyaml.Parse(file, data)
	if root == nil {
		return c, r.Problems
	}
	cr := &configReader{Reader: r, c: c}
	cr.root(root)
	return c, r.Problems
}

// root reads the whole of the file.
func (cr *configReader) root(root *strictyaml.Node) {
	c := cr.c
	m := cr.section(root, "", section{
		keys: map[string]func(strictyaml.Entry){
			"listen":         cr.listen,
			"trust":          cr.trust,
			"organization":   cr.organization,
			"directory":      cr.directory,
			"recipients":     cr.recipients,
			"policies":       cr.policies,
			"conditions":     cr.conditions,
			"userRisk":       cr.userRisk,
			"audit":          cr.audit,
			"reports":        cr.reports,
			"store":          cr.store,
			"relay":          cr.relay,
			"quarantine":     cr.quarantine,
			"incidentReport": cr.incidentReport,
			"alerts":         cr.alerts,
			"simulation":     cr.simulation,
			"onError":        cr.onError,
			"blockText":      cr.blockText,
			"extract":        cr.extract,
			"limits":         cr.limits,
			"log":            cr.log,
			"watch":          func(e strictyaml.Entry) { cr.boolean(e, &c.process.watch) },
		},
	})
	if e, ok := m.Get("recipients"); ok && c.groups && c.people.path == "" && c.ldapAt.node == nil {
		cr.Errorf(e.At, e.Field, "add `directory: {file: people.yaml}`, or take `resolve` away", "groups are to be resolved and there is no directory")
	}
	m.Require("listen", "write where the MTA connects, as in `listen: {milter: \"unix:/var/spool/postfix/postern/milter.sock\"}`")
	m.Require("organization", "write your domains, as in `organization: {acceptedDomains: [example.com]}`")
	m.Require("policies", "write the policy files, as in `policies: [policies/*.yaml]`")
}

// section reads a mapping key by key.
func (cr *configReader) section(n *strictyaml.Node, field string, s section) *strictyaml.Mapping {
	known := slices.Clone(s.unbuilt)
	for k := range s.keys {
		known = append(known, k)
	}
	slices.Sort(known)
	m := cr.Mapping(n, field, known...)
	for _, e := range m.Entries() {
		if read := s.keys[e.Key]; read != nil {
			read(e)
			continue
		}
		cr.unsupported(e.At, e.Field, e.Key)
	}
	return m
}

func (cr *configReader) unsupported(at *strictyaml.Node, field, what string) {
	cr.Errorf(at, field, "take the key away", "%q is not supported by this version", what)
}

func (cr *configReader) listen(e strictyaml.Entry) {
	m := cr.section(e.Value, e.Field, section{
		keys: map[string]func(strictyaml.Entry){
			"milter":  cr.milter,
			"metrics": cr.metrics,
			"group":   func(e strictyaml.Entry) { cr.word(e, &cr.c.process.group) },
		},
		unbuilt: []string{"console", "lmtp"},
	})
	m.Require("milter", "write `unix:PATH` or `HOST:PORT`")
}

func (cr *configReader) milter(e strictyaml.Entry) {
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		field := e.Field
		if len(texts) > 1 {
			field = strictyaml.Index(e.Field, i)
		}
		a, err := readAddress(text, func(p string) (string, error) { return cr.c.path(p), nil })
		if err != nil {
			cr.Errorf(nodes[i], field, "write `unix:PATH` or `HOST:PORT`", "%v", err)
			continue
		}
		if slices.Contains(cr.c.process.listen, a) {
			cr.Errorf(nodes[i], field, "write it once", "%q is listed twice", text)
			continue
		}
		if host, _, err := net.SplitHostPort(a.address); a.network == "tcp" && err == nil {
			if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
				cr.Hintf(nodes[i], field, "write a loopback address, or a UNIX socket", "whoever reaches this port can claim any login and listener")
			}
		}
		cr.c.process.listen = append(cr.c.process.listen, a)
	}
}

// readAddress reads where to listen: unix:PATH or HOST:PORT. Postfix writes the
// latter with "inet:" in front. Resolve says what a relative path is relative to.
func readAddress(text string, resolve func(string) (string, error)) (address, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" {
			return address{}, fmt.Errorf("%q names no path", text)
		}
		path, err := resolve(path)
		if err != nil {
			return address{}, err
		}
		if len(path) > socketPath {
			return address{}, fmt.Errorf("the path %q has %d octets; a UNIX socket's may have %d", path, len(path), socketPath)
		}
		return address{network: "unix", address: path}, nil
	}
	hostPort := strings.TrimPrefix(strings.TrimPrefix(text, "tcp:"), "inet:")
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || strings.ContainsAny(host, ":/@ ") && !isIP(host) {
		return address{}, fmt.Errorf("%q is not an address to listen on", text)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return address{}, fmt.Errorf("%q has no port from 0 to 65535", text)
	}
	return address{network: "tcp", address: hostPort}, nil
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func (cr *configReader) trust(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"authenticated": func(e strictyaml.Entry) { cr.boolean(e, &cr.c.trust.Authenticated) },
		"listeners": func(e strictyaml.Entry) {
			if !isEmptyList(e.Value) {
				cr.c.trust.Listeners, _, _ = cr.Texts(e.Value, e.Field)
			}
		},
		"networks": func(e strictyaml.Entry) {
			if isEmptyList(e.Value) {
				return
			}
			texts, nodes, _ := cr.Texts(e.Value, e.Field)
			for i, text := range texts {
				p, err := network(text)
				if err != nil {
					cr.Errorf(nodes[i], strictyaml.Index(e.Field, i), "write an address or a network, as in `192.0.2.0/24`", "%v", err)
					continue
				}
				cr.c.trust.Networks = append(cr.c.trust.Networks, p)
			}
		},
	}})
}

// network reads an IP address or a prefix in CIDR form.
func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no IP address or network", s)
	}
	if p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q has bits set behind the prefix; the network is %s", s, p.Masked())
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96) // clients are compared as IPv4
	}
	return p, nil
}

// isEmptyList tells a list written as empty on purpose: nothing is trusted.
func isEmptyList(n *strictyaml.Node) bool {
	return n != nil && n.Tag == "!!seq" && len(n.Content) == 0
}

func (cr *configReader) policies(e strictyaml.Entry) {
	texts, nodes, _ := cr.Texts(e.Value, e.Field)
	for i, text := range texts {
		field := strictyaml.Index(e.Field, i)
		if _, err := filepath.Match(text, ""); err != nil {
			cr.Errorf(nodes[i], field, "write a path or a pattern, as in `policies/*.yaml`", "%q is no pattern", text)
			continue
		}
		cr.c.policies = append(cr.c.policies, reference{path: cr.c.path(text), node: nodes[i], field: field})
	}
}

func (cr *configReader) onError(e strictyaml.Entry) {
	cr.c.onErrorAt = reference{node: e.Value, field: e.Field}
	if w, ok := cr.OneOf(e.Value, e.Field, string(actions.OnErrorTempfail), string(actions.OnErrorQuarantine), string(actions.OnErrorAccept)); ok {
		cr.c.process.onError = actions.OnError(w)
	}
}

func (cr *configReader) blockText(e strictyaml.Entry) {
	var text string
	if !cr.word(e, &text) {
		return
	}
	if len(text) > 1000 {
		cr.Errorf(e.Value, e.Field, "write a shorter text", "the text has %d octets; 1000 are shown to clients", len(text))
		return
	}
	cr.c.blockText = text
}

func (cr *configReader) limits(e strictyaml.Entry) {
	if isScalar(e.Value) {
		if _, ok := cr.OneOf(e.Value, e.Field, "none"); ok {
			cr.c.noLimits = true
		}
		return
	}
	p := &cr.c.process
	whole := func(into *int, max int) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			if v, ok := cr.Int(e.Value, e.Field, 1, max); ok {
				*into = v
			}
		}
	}
	size := func(into *int64, least int64) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			v, ok := cr.Size(e.Value, e.Field)
			if ok && v < least {
				cr.Errorf(e.Value, e.Field, "write a larger size", "%q is less than %d octets", e.Value.Value, least)
				ok = false
			}
			if ok {
				*into = v
			}
		}
	}
	span := func(into *time.Duration) func(strictyaml.Entry) {
		return func(e strictyaml.Entry) {
			if v, ok := cr.Duration(e.Value, e.Field, time.Second); ok {
				*into = v
			}
		}
	}
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"messageSize":         size(&p.messageSize, 64<<10),
		"memory":              size(&p.memory, 0),
		"decisionTime":        span(&p.decision),
		"extractedCharacters": whole(&cr.c.extract.Characters, math.MaxInt32),
		"extractTime":         span(&cr.c.extractIn),
		"nesting":             whole(&p.limits.Nesting, 100),
		"members":             whole(&p.limits.Members, 100_000),
		"connections":         whole(&p.connections, 100_000),
		"policies": func(e strictyaml.Entry) {
			if w, ok := cr.OneOf(e.Value, e.Field, "purview", "none"); ok {
				cr.c.noLimits = w == "none"
			}
		},
	}})
	cr.c.extract.Nesting, cr.c.extract.Members = p.limits.Nesting, p.limits.Members
}

// isScalar tells a text or another single value.
func isScalar(n *strictyaml.Node) bool { return n.Kind == yaml.ScalarNode }

func (cr *configReader) log(e strictyaml.Entry) {
	cr.section(e.Value, e.Field, section{keys: map[string]func(strictyaml.Entry){
		"format": func(e strictyaml.Entry) {
			if w, ok := cr.OneOf(e.Value, e.Field, "json", "console"); ok {
				cr.c.process.logFormat = w
			}
		},
		"level": func(e strictyaml.Entry) {
			if w, ok := cr.OneOf(e.Value, e.Field, "debug", "info", "warn", "error"); ok {
				cr.c.process.logLevel, _ = zapcore.ParseLevel(w)
			}
		},
	}})
}

func (cr *configReader) boolean(e strictyaml.Entry, into *bool) {
	if v, ok := cr.Bool(e.Value, e.Field); ok {
		*into = v
	}
}

// word reads a text that may not be empty.
func (cr *configReader) word(e strictyaml.Entry, into *string) bool {
	text, ok := cr.Text(e.Value, e.Field)
	if ok && strings.TrimSpace(text) == "" {
		cr.Errorf(e.Value, e.Field, "write a text or take the key away", "the text is empty")
		return false
	}
	if ok {
		*into = text
	}
	return ok
}
