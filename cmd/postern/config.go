package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/message/extract/worker"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// defaultConfig is where commands look for postern.yaml.
const defaultConfig = "/etc/postern/postern.yaml"

// config is what postern.yaml says. Paths are absolute or relative to the
// working directory, no longer to the file.
type config struct {
	file        string
	process     process
	trust       rules.Trust
	name        string
	domains     []directory.AcceptedDomain
	learnMore   string
	notices     dsn.Mailbox // whom notices come from; the null path sends none
	words       noticesConfig
	reviewers   []message.Path
	told        told          // how people are told by mail
	keep        time.Duration // how long held mail waits
	digest      int           // when reviewers are told, in minutes of the local day
	blockText   string
	senders     bool            // reports.senders
	zone        *time.Location  // of dates in policies, and of the day of reviewers
	onErrorAt   reference       // the place of onError
	people      reference       // path of the people file; empty without one
	ldap        *ldap.Options   // nil without LDAP
	ldapAt      reference       // its place
	groups      bool            // recipients.resolve holds groups
	splitGroups bool            // recipients.groups is split
	plain       map[string]bool // recipients.plain
	postfix     []string        // parameters of main.cf whose maps are asked
	postfixAt   reference       // configuration directory of Postfix, empty for its own; placed at recipients.postfix
	policies    []reference
	// conditions is what the file says of conditions, partners and risks.
	conditions rules.Settings
	alerts     alertConfig
	// incidents is how incident reports are sent.
	incidents actions.IncidentSettings
	noLimits  bool // limits of Purview on policies are hints
	extract   extract.Limits
	extractIn time.Duration
}

// reference is a path or pattern written in postern.yaml, with its place.
type reference struct {
	path  string
	node  *strictyaml.Node
	field string
}

// process is what holds from start to end of the process: a reload that finds
// it changed says so and keeps the old.
type process struct {
	listen      []address
	metrics     address // where measurements are asked for; empty without
	group       string  // of the UNIX sockets; empty leaves that of the process
	store       string
	quota       quarantine.Quota
	relay       relayTo
	onError     actions.OnError
	messageSize int64
	memory      int64
	decision    time.Duration
	limits      message.Limits
	connections int
	readers     readers
	logFormat   string
	logLevel    zapcore.Level
	watch       bool
	exports     []exportTo
}

// address is where milter connections are taken.
type address struct {
	network string // unix or tcp
	address string
}

func (a address) String() string {
	if a.network == "unix" {
		return "unix:" + a.address
	}
	return a.address
}

// defaults gives the configuration of an empty postern.yaml.
func defaults(file string) *config {
	return &config{
		file:  file,
		trust: rules.Trust{Authenticated: true},
		process: process{
			store:       "/var/lib/postern",
			quota:       defaultQuota,
			onError:     actions.OnErrorTempfail,
			messageSize: 150 << 20,
			memory:      512 << 20,
			decision:    60 * time.Second,
			limits:      message.DefaultLimits,
			connections: 1000,
			relay:       relayTo{noticeRate: relay.DefaultNoticeRate},
			readers:     readers{memory: worker.DefaultMemory},
			logFormat:   "json",
			logLevel:    zapcore.InfoLevel,
		},
		alerts:    alertConfig{fold: defaultFold},
		keep:      defaultKeep,
		incidents: actions.IncidentSettings{When: actions.ReportAtMatch, OriginalSize: defaultOriginal},
		digest:    defaultDigest,
		told:      told{delay: defaultDelay, limits: actions.DefaultLimits},
		zone:      time.Local,
		extract:   extract.DefaultLimits,
		extractIn: 30 * time.Second,
	}
}

// path gives a path written in the file, relative to the file's directory.
func (c *config) path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(filepath.Dir(c.file), p)
}

// overrides are what the command line says in the place of postern.yaml.
type overrides struct {
	listen []address
	store  string
}

// newOverrides reads flags; empty ones say nothing.
func newOverrides(listen []string, store string) (overrides, error) {
	var o overrides
	for _, text := range listen {
		a, err := readAddress(text, filepath.Abs)
		if err != nil {
			return o, fmt.Errorf("--listen: %w", err)
		}
		o.listen = append(o.listen, a)
	}
	var err error
	if store != "" {
		o.store, err = filepath.Abs(store)
	}
	return o, err
}

func (o overrides) apply(p *process) {
	if len(o.listen) > 0 {
		p.listen = o.listen
	}
	if o.store != "" {
		p.store = o.store
	}
}

// settings gives those of the engine.
func (c *config) settings(notices *notice.Writer) actions.Settings {
	s := actions.Settings{BlockText: c.blockText, LearnMore: c.learnMore, OnError: c.process.onError, Notices: notices, Language: c.words.language.path, Admins: c.siteAdmins(),
		Incidents: c.incidentSettings(), Alerts: c.alertSettings()}
	if notices != nil {
		s.Reviewers = c.reviewers
	}
	return s
}

// restart names the sections of postern.yaml that differ between two processes
// and are read at start only.
func (p process) restart(next process) []string {
	var names []string
	differs := func(name string, same bool) {
		if !same {
			names = append(names, name)
		}
	}
	sameListen := len(p.listen) == len(next.listen) && p.group == next.group && p.metrics == next.metrics
	for i := range p.listen {
		sameListen = sameListen && p.listen[i] == next.listen[i]
	}
	differs("audit", slices.Equal(p.exports, next.exports))
	differs("extract", p.readers.equal(next.readers))
	differs("limits", p.messageSize == next.messageSize && p.memory == next.memory && p.decision == next.decision &&
		p.limits == next.limits && p.connections == next.connections)
	differs("listen", sameListen)
	differs("log", p.logFormat == next.logFormat && p.logLevel == next.logLevel)
	differs("onError", p.onError == next.onError)
	differs("relay", p.relay == next.relay)
	differs("store", p.store == next.store && p.quota == next.quota)
	differs("watch", p.watch == next.watch)
	return names
}
