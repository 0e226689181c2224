package actions

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// casesDir holds one directory for each case. A case is: policy.yaml, or
// policy-*.yaml in the order of their names; message.eml; envelope.yaml, the
// session; want.yaml, the decision; people.yaml where the shared one does not do.
const casesDir = "../testdata/policies"

type policyCase struct {
	name     string
	policies []rules.File
	eml      []byte
	people   *directory.File
	notices  *notice.Writer
	env      caseEnvelope
	want     caseWant
}

// caseEnvelope is envelope.yaml.
type caseEnvelope struct {
	envelope    message.Envelope
	domains     []directory.AcceptedDomain
	networks    []netip.Prefix      // trusted
	aliases     map[string][]string // what the MTA replaces, by address
	unavailable []string            // addresses and logins whose look-ups fail
	onError     OnError
	at          time.Time
	// deferredBefore is how long ago the message was put off before.
	deferredBefore []time.Duration
	characters     int // of text read of an attachment; 0 is the default
}

// caseWant is want.yaml. What it does not name is expected not to be: edits,
// added recipients, tips, signals, errors. A verdict without forks is that of one
// fork with all recipients.
type caseWant struct {
	planned   bool // actions that only the ranking knows are read
	verdict   Verdict
	decidedBy string // "policy / rule"
	reply     wantReply
	forks     []wantFork
	rules     map[string]wantRule
	header    []string // the header section sent on, "Name: value"
	added     []string // recipients added, with ESMTP arguments
	dropped   []string // recipients deleted in the session, as the client wrote them
	held      []string // the recipients of each item, and of its draft the actions
	notices   []string // "ADDRESS: ndr RECIPIENTS" or "ADDRESS: held"
	copies    []wantCopy
	signals   []string // "part: signal"
	mismatch  bool     // the addresses of the sender differ
	err       string
	undecided []string // "policy / rule: remedy", of the rules that could not be judged and matter
}

type wantReply struct {
	code             int
	enhanced         string
	contains, absent []string
}

type wantFork struct {
	recipients []string
	verdict    Verdict
	decidedBy  string
	tip        string
	edits      []string
	states     map[string]string
	simulated  string // "deliver", or "block by policy / rule"
	final      []string
	route      string
	why        string // a part of it
}

// wantCopy is a message given back to the MTA.
type wantCopy struct {
	to     []string // with ESMTP arguments
	marked bool
	header []string
}

type wantRule struct {
	result     string
	recipients []string
	unknownFor []string
	stoppedFor []string
	reason     string
	conditions map[string]string
	evidence   []string // "Type: count, unique, confidence, parts"
}

func readCases(t testing.TB) []*policyCase {
	t.Helper()
	shared := readPeople(t, filepath.Join(casesDir, "people.yaml"))
	entries, err := os.ReadDir(casesDir)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*policyCase
	for _, e := range entries {
		if e.IsDir() {
			cases = append(cases, readCase(t, e.Name(), shared))
		}
	}
	return cases
}

func readCase(t testing.TB, name string, people *directory.File) *policyCase {
	t.Helper()
	c := &policyCase{name: name, people: people, notices: caseNotices(t)}
	files, err := os.ReadDir(filepath.Join(casesDir, name))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, f := range files {
		path := filepath.Join(casesDir, name, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kind := f.Name()
		switch {
		case kind == "policy.yaml" || strings.HasPrefix(kind, "policy-") && strings.HasSuffix(kind, ".yaml"):
			c.policies = append(c.policies, rules.File{Name: kind, Data: data})
			kind = "policy.yaml"
		case kind == "message.eml":
			c.eml = data
		case kind == "people.yaml":
			c.people = readPeople(t, path)
		case kind == "envelope.yaml":
			readYAML(t, path, data, func(r *caseReader, m *strictyaml.Mapping) { r.envelope(m, &c.env) })
		case kind == "want.yaml":
			readYAML(t, path, data, func(r *caseReader, m *strictyaml.Mapping) { r.want(m, &c.want) })
		default:
			t.Fatalf("%s is no file of a case", path)
		}
		found[kind] = true
	}
	for _, kind := range []string{"policy.yaml", "message.eml", "envelope.yaml", "want.yaml"} {
		if !found[kind] {
			t.Fatalf("the case %s has no %s", name, kind)
		}
	}
	return c
}

func readPeople(t testing.TB, path string) *directory.File {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, problems := directory.LoadFile(path, data)
	if f == nil {
		t.Fatal(problems)
	}
	return f
}

func readYAML(t testing.TB, path string, data []byte, read func(*caseReader, *strictyaml.Mapping)) {
	t.Helper()
	r, root := strictyaml.Parse(path, data)
	if root != nil {
		cr := &caseReader{Reader: r}
		read(cr, r.Mapping(root, ""))
	}
	for _, p := range r.Problems {
		t.Fatal(p)
	}
}

type caseReader struct{ *strictyaml.Reader }

// each goes over a mapping; a key that read does not know is a mistake.
func (r *caseReader) each(m *strictyaml.Mapping, read func(e strictyaml.Entry) bool) {
	for _, e := range m.Entries() {
		if !read(e) {
			r.Errorf(e.At, e.Field, "", "unknown key")
		}
	}
}

func (r *caseReader) text(e strictyaml.Entry) string {
	s, _ := r.Text(e.Value, e.Field)
	return s
}

// texts reads a list, which may be empty.
func (r *caseReader) texts(e strictyaml.Entry) []string {
	list := []string{}
	if len(e.Value.Content) > 0 || e.Value.Value != "" {
		list, _, _ = r.Texts(e.Value, e.Field)
	}
	return list
}

func (r *caseReader) path(e strictyaml.Entry, s string) message.Path {
	p, err := message.ParsePath(s)
	if err != nil {
		r.Errorf(e.Value, e.Field, "", "%v", err)
	}
	return p
}

func (r *caseReader) envelope(m *strictyaml.Mapping, env *caseEnvelope) {
	env.domains = []directory.AcceptedDomain{
		{Name: "example.com", Kind: directory.Authoritative},
		{Name: "relay.example.com", Kind: directory.InternalRelay},
		{Name: "partner-relay.example", Kind: directory.ExternalRelay},
	}
	env.onError = OnErrorTempfail
	env.at = caseTime
	e := &env.envelope
	e.ClientAddr = netip.MustParseAddr("192.0.2.10")
	m.Require("from", "write the reverse-path, `<>` for none")
	m.Require("to", "write the recipients")
	r.each(m, func(k strictyaml.Entry) bool {
		switch k.Key {
		case "from":
			e.ReversePath = r.path(k, r.text(k))
		case "to":
			for _, s := range r.texts(k) {
				raw, args, _ := strings.Cut(s, " ")
				raw, canonical, replaced := strings.Cut(raw, "=>")
				if !replaced {
					canonical = raw
				}
				rcpt := message.Recipient{Raw: "<" + raw + ">", Path: r.path(k, canonical), Args: strings.Fields(args)}
				e.Recipients = append(e.Recipients, rcpt)
			}
		case "mailArgs":
			e.MailArgs = r.texts(k)
		case "clientAddress":
			var err error
			if e.ClientAddr, err = netip.ParseAddr(r.text(k)); err != nil {
				r.Errorf(k.Value, k.Field, "", "%v", err)
			}
		case "authenticated":
			e.Authenticated = r.text(k)
		case "listener":
			e.Listener = r.text(k)
		case "trustedNetworks":
			for _, s := range r.texts(k) {
				p, err := netip.ParsePrefix(s)
				if err != nil {
					r.Errorf(k.Value, k.Field, "", "%v", err)
				}
				env.networks = append(env.networks, p)
			}
		case "acceptedDomains":
			env.domains = nil
			r.each(r.Mapping(k.Value, k.Field), func(d strictyaml.Entry) bool {
				kind, _ := r.OneOf(d.Value, d.Field, string(directory.Authoritative), string(directory.InternalRelay), string(directory.ExternalRelay))
				env.domains = append(env.domains, directory.AcceptedDomain{Name: d.Key, Kind: directory.DomainKind(kind)})
				return true
			})
		case "aliases":
			env.aliases = make(map[string][]string)
			r.each(r.Mapping(k.Value, k.Field), func(a strictyaml.Entry) bool {
				env.aliases[a.Key] = r.texts(a)
				return true
			})
		case "unavailable":
			env.unavailable = r.texts(k)
		case "onError":
			word, _ := r.OneOf(k.Value, k.Field, string(OnErrorTempfail), string(OnErrorQuarantine), string(OnErrorAccept))
			env.onError = OnError(word)
		case "at":
			var err error
			if env.at, err = time.Parse(time.RFC3339, r.text(k)); err != nil {
				r.Errorf(k.Value, k.Field, "", "%v", err)
			}
		case "deferredBefore":
			for _, s := range r.texts(k) {
				d, err := time.ParseDuration(s)
				if err != nil {
					r.Errorf(k.Value, k.Field, "", "%v", err)
				}
				env.deferredBefore = append(env.deferredBefore, d)
			}
		case "extractedCharacters":
			env.characters, _ = r.Int(k.Value, k.Field, 1, 1<<30)
		default:
			return false
		}
		return true
	})
}
