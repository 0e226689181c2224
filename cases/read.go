package cases

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Case is one policy case.
type Case struct {
	// Name is the path of the directory below the one it was found in.
	Name string
	// Dir is the path of the directory.
	Dir string
	// Policies are those of the case itself: policy.yaml, or policy-*.yaml. Without
	// any the case is judged by the policies of the house.
	Policies []rules.File
	// People are those of people.yaml in the directory, or in the nearest one
	// around it; nil without one.
	People *directory.File
	// Planned is set where actions are read of which only the rank in the walk is
	// known.
	Planned bool

	env  session
	want want
}

// session is envelope.yaml.
type session struct {
	envelope    message.Envelope
	domains     []directory.AcceptedDomain // nil: those of the house
	networks    []netip.Prefix             // trusted; nil: those of the house
	aliases     map[string][]string        // what the MTA replaces, by address
	unavailable []string                   // addresses and logins whose look-ups fail
	splitGroups *bool                      // recipients that are plain groups are replaced by their members; nil: as the house does
	onError     actions.OnError            // empty: that of the house
	simulation  *bool                      // policies in a test mode send reports; nil: as the house does
	at          time.Time                  // when it is judged; zero: [Now]
	// deferredBefore is how long ago the message was put off before, by a rule with
	// retryThenBlock.
	deferredBefore []time.Duration
	characters     int // of text read of an attachment; 0: those of the house
	// settings are what postern.yaml says of conditions; nil: those of the house.
	settings   *rules.Settings
	matches    map[string]int // recent matches of high severity, by key of a person's address
	overridden []string       // recipients for whom the sender's override is recorded
}

// setting gives the settings of the case to be written to.
func (s *session) setting() *rules.Settings {
	if s.settings == nil {
		s.settings = &rules.Settings{}
	}
	return s.settings
}

// Settings gives what postern.yaml says of conditions, where the case says nothing
// else that of the house.
func (c *Case) Settings(house rules.Settings) rules.Settings {
	if c.env.settings != nil {
		return *c.env.settings
	}
	return house
}

// The files of a case.
const (
	messageFile  = "message.eml"
	envelopeFile = "envelope.yaml"
	wantFile     = "want.yaml"
	peopleFile   = "people.yaml"
	policyFile   = "policy.yaml"
)

// Find reads the cases below a directory, or the one that it is, in the order of
// their paths. A directory with message.eml, envelope.yaml or want.yaml is a case.
// Problems holds every mistake in their files. An error means that a file or a
// directory cannot be read.
func Find(root string) ([]*Case, []strictyaml.Problem, error) {
	var cases []*Case
	var problems []strictyaml.Problem
	people := make(map[string]*directory.File)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !e.IsDir():
			return nil
		case path != root && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		}
		people[path] = people[filepath.Dir(path)]
		files, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		c := &Case{Dir: path}
		if c.Name, err = filepath.Rel(root, path); err != nil || c.Name == "." {
			c.Name = filepath.Base(path)
		}
		more, err := c.read(files)
		problems = append(problems, more...)
		if err != nil {
			return err
		}
		if c.People == nil {
			c.People = people[path]
		}
		people[path] = c.People
		if slices.ContainsFunc(files, isCase) {
			cases = append(cases, c)
		}
		return nil
	})
	if err != nil {
		return nil, nil, plain(err)
	}
	strictyaml.Sort(problems)
	return cases, problems, nil
}

// plain says of a file operation what an administrator needs.
func plain(err error) error {
	var pe *fs.PathError
	switch {
	case !errors.As(err, &pe):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", pe.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be read by this user", pe.Path)
	}
	return fmt.Errorf("%s: %w", pe.Path, pe.Err)
}

func isCase(e fs.DirEntry) bool {
	return slices.Contains([]string{messageFile, envelopeFile, wantFile}, e.Name())
}

func isPolicy(name string) bool {
	return name == policyFile || strings.HasPrefix(name, "policy-") && strings.HasSuffix(name, ".yaml")
}

// read reads the files of a directory: those of a case, when it is one, and
// people.yaml.
func (c *Case) read(files []fs.DirEntry) (problems []strictyaml.Problem, err error) {
	whole := slices.ContainsFunc(files, isCase)
	missing := map[string]string{
		messageFile:  "write the message that is judged",
		envelopeFile: "write the session: `from: a@example.com` and `to: [b@example.com]`",
		wantFile:     "write the decision that is due, as `verdict: block`",
	}
	for _, f := range files {
		name, path := f.Name(), filepath.Join(c.Dir, f.Name())
		delete(missing, name)
		if f.IsDir() || !whole && name != peopleFile || strings.HasPrefix(name, ".") {
			continue
		}
		policy := isPolicy(name)
		switch {
		case policy, name == peopleFile, name == envelopeFile, name == wantFile:
		case strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".eml") && name != messageFile:
			problems = append(problems, strictyaml.Problem{File: path, What: "this is no file of a case",
				Write: "a case has message.eml, envelope.yaml and want.yaml, and may have people.yaml, policy.yaml or policy-*.yaml"})
			continue
		default:
			continue
		}
		data, err := readBounded(path)
		switch {
		case err != nil:
			return problems, err
		case policy:
			c.Policies = append(c.Policies, rules.File{Name: name, Data: data})
		case name == peopleFile:
			var more []strictyaml.Problem
			c.People, more = directory.LoadFile(path, data)
			problems = append(problems, more...)
		case name == envelopeFile:
			problems = append(problems, readYAML(path, data, func(r *caseReader, m *strictyaml.Mapping) { r.envelope(m, &c.env) })...)
		default:
			problems = append(problems, readYAML(path, data, func(r *caseReader, m *strictyaml.Mapping) { r.want(m, c) })...)
		}
	}
	if whole {
		for name, write := range missing {
			problems = append(problems, strictyaml.Problem{File: filepath.Join(c.Dir, name), What: "the case has no such file", Write: write})
		}
	}
	return problems, nil
}

// readBounded reads a file, one octet more than strictyaml takes at most, so that
// it says that the file is too large.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
}

func readYAML(path string, data []byte, read func(*caseReader, *strictyaml.Mapping)) []strictyaml.Problem {
	r, root := strictyaml.Parse(path, data)
	if root != nil {
		cr := &caseReader{Reader: r}
		if m := r.Mapping(root, ""); m != nil {
			read(cr, m)
		}
	}
	return r.Problems
}

type caseReader struct{ *strictyaml.Reader }

// each goes over a mapping; a key that read does not know is a mistake.
func (r *caseReader) each(m *strictyaml.Mapping, read func(e strictyaml.Entry) bool) {
	for _, e := range m.Entries() {
		if !read(e) {
			r.Errorf(e.At, e.Field, "write a key of policy tests; policies.md lists them", "unknown key %q", e.Key)
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
		r.Errorf(e.Value, e.Field, "write an address, or `\"<>\"` for none", "%q is no address", s)
	}
	return p
}

func (r *caseReader) envelope(m *strictyaml.Mapping, env *session) {
	e := &env.envelope
	e.ClientAddr = netip.MustParseAddr("192.0.2.10")
	m.Require("from", "write the reverse-path, `\"<>\"` for none")
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
				r.Errorf(k.Value, k.Field, "write an IP address", "%v", err)
			}
		case "authenticated":
			e.Authenticated = r.text(k)
		case "listener":
			e.Listener = r.text(k)
		case "trustedNetworks":
			for _, s := range r.texts(k) {
				p, err := netip.ParsePrefix(s)
				if err != nil {
					r.Errorf(k.Value, k.Field, "write networks, as 192.0.2.0/24", "%v", err)
				}
				env.networks = append(env.networks, p)
			}
		case "acceptedDomains":
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
		case "groups":
			word, _ := r.OneOf(k.Value, k.Field, "whole", "split")
			split := word == "split"
			env.splitGroups = &split
		case "onError":
			word, _ := r.OneOf(k.Value, k.Field, string(actions.OnErrorTempfail), string(actions.OnErrorQuarantine), string(actions.OnErrorAccept))
			env.onError = actions.OnError(word)
		case "simulationReports":
			yes, _ := r.Bool(k.Value, k.Field)
			env.simulation = &yes
		case "at":
			var err error
			if env.at, err = time.Parse(time.RFC3339, r.text(k)); err != nil {
				r.Errorf(k.Value, k.Field, "write it as `2026-01-31T08:00:00Z`", "%q is no moment", r.text(k))
			}
		case "deferredBefore":
			for _, s := range r.texts(k) {
				d, err := time.ParseDuration(s)
				if err != nil {
					r.Errorf(k.Value, k.Field, "write spans of time, as in `[20m, 5m]`", "%q is no span of time", s)
				}
				env.deferredBefore = append(env.deferredBefore, d)
			}
		case "extractedCharacters":
			env.characters, _ = r.Int(k.Value, k.Field, 1, 1<<30)
		case "conditions":
			env.setting().ReadSettings(r.Reader, k.Value, k.Field)
		case "partnerDomains":
			env.setting().Partners = r.texts(k)
		case "userRisk":
			env.setting().Risk = rules.ReadRisk(r.Reader, k.Value, k.Field)
		case "recentMatches":
			env.matches = make(map[string]int)
			r.each(r.Mapping(k.Value, k.Field), func(a strictyaml.Entry) bool {
				n, _ := r.Int(a.Value, a.Field, 0, 1<<30)
				env.matches[r.path(a, a.Key).Key()] = n
				return true
			})
		case "overridden":
			env.overridden = r.texts(k)
		default:
			return false
		}
		return true
	})
}
