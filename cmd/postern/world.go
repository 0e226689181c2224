package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/directory/ldap"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// world is everything a message is judged by, made of the files at one moment.
// It is read-only: a reload makes another one.
type world struct {
	files  fileSet
	config *config
	server *ldap.Directory // nil without LDAP
	// moved are mistakes of policies that come of what LDAP holds by now.
	moved  []strictyaml.Problem
	rules  rules.World
	set    *rules.Set
	engine *actions.Engine
	// notices writes what people are told; nil where the configuration names no
	// sender of it.
	notices *notice.Writer
	// effects are those of a running process, and doors what a message sees of
	// them.
	effects *actions.Live
	doors   actions.Effects
}

// build compiles files into a world. Problems holds every mistake of all of
// them, in order; the world is nil when one is an error. The configuration is
// never nil. Policies that settled names are not refused for what LDAP holds now;
// nil names none.
func build(ctx context.Context, s fileSet, types *classify.Catalog, settled settled) (*world, *config, []strictyaml.Problem) {
	c, problems := readConfig(s.Config.Name, s.Config.Data)
	var file *directory.File
	if s.People != nil {
		var more []strictyaml.Problem
		file, more = directory.LoadFile(s.People.Name, s.People.Data)
		problems = append(problems, more...)
		if file != nil && c.ldap == nil {
			problems = append(problems, file.Hints(c.domains)...)
		}
	}
	people, server, more := newDirectory(c, file)
	problems = append(problems, more...)
	own, more := s.catalog()
	problems = append(problems, more...)
	if len(s.Types) > 0 && own != nil {
		types = own
	}
	vocabulary := c.vocabulary(types, people)
	if own == nil {
		vocabulary.Faulty = classify.Named(s.typesFiles())
	}
	var moved []strictyaml.Problem
	if c.ldap != nil && settled != nil {
		vocabulary.Moved = func(p strictyaml.Problem) bool {
			if !settled(c, s, p.File) {
				return false
			}
			moved = append(moved, p)
			return true
		}
	}
	set, more := actions.Load(s.Policies, vocabulary)
	problems = append(problems, more...)
	resolver, more := newResolver(ctx, c, people)
	problems = append(problems, more...)
	more = s.loadTexts(c)
	problems = append(problems, more...)
	notices, err := newNotices(c, dryInstall)
	if err != nil && !strictyaml.Errors(more) {
		problems = append(problems, strictyaml.Problem{File: c.file, Field: "organization.notices", What: "notices cannot be written: " + err.Error()})
	}
	problems = append(problems, c.errorNeeds()...)
	if set != nil {
		problems = append(problems, c.needs(set)...)
		set.Version = s.version(set.Version)
	}
	strictyaml.Sort(problems)
	if strictyaml.Errors(problems) || set == nil {
		if server != nil {
			server.Close()
		}
		return nil, c, problems
	}
	return &world{
		files:  s,
		config: c,
		server: server,
		moved:  moved,
		set:    set,
		rules: rules.World{
			Organization: &directory.Organization{Name: c.name, Domains: c.domains, People: people},
			Directory:    people,
			Resolver:     resolver,
			Types:        types,
			SplitGroups:  c.splitGroups,
			Plain:        c.plain,
			Trust:        c.trust,
			Extract:      c.extract,
			ExtractTime:  c.extractIn,
		},
		engine:  actions.NewEngine(c.settings(notices)),
		notices: notices,
	}, c, problems
}

// vocabulary is what policies are written in.
func (c *config) vocabulary(types *classify.Catalog, people directory.Directory) rules.Vocabulary {
	none := people == nil && c.people.path == "" && c.ldapAt.node == nil
	return rules.Vocabulary{Types: types, Actions: actions.Vocabulary(), Directory: people, NoDirectory: none, NoLimits: c.noLimits,
		Settings: c.conditions, Zone: c.zone, Now: time.Now}
}

// needs tells what the policies ask for that postern.yaml does not give: someone
// who looks after held mail, a way for mail that Postern sends, and an address it
// comes from. What can be done without them in a stricter way is a hint.
func (c *config) needs(set *rules.Set) []strictyaml.Problem {
	var problems []strictyaml.Problem
	need := func(s strictyaml.Severity, given bool, n *actions.Need, what, add string) {
		if given || n == nil {
			return
		}
		problems = append(problems, strictyaml.Problem{
			Severity: s, File: n.File, Line: n.Line, Column: n.Column, Field: n.Field, Write: "add `" + add + "` to " + filepath.Base(c.file),
			What: fmt.Sprintf("rule %q of policy %q %s", n.Rule.Name, n.Rule.Policy.Name, what),
		})
	}
	const (
		reviewers = "quarantine: {reviewers: [postmaster@example.com]}"
		relay     = "relay: {reinject: \"unix:/var/spool/postfix/public/postern-in\"}"
		from      = "organization: {notices: {from: \"Mail policy <mail-policy@example.com>\"}}"
		admins    = "incidentReport: {siteAdmin: [compliance@example.com]}"
		asked     = "organization: {notices: {siteAdmin: [compliance@example.com]}}"
		originals = "incidentReport: {attachOriginal: true}"

		unalerted  = "raises alerts, of which no mail could be sent"
		unreported = "generates incident reports, which could not be sent"

		unmailed = "tells people by mail, which could not be sent"

		unheard  = "may hold mail, and nobody would hear of it"
		unsent   = "may hold mail, of which nobody would hear, and which could not be released"
		uncopied = "may give the recipients of one message different copies, which could not be sent"
		untold   = "may refuse a message to some of its recipients; its sender could not be told, so all are refused"
	)
	to, writes := c.process.relay.address != "", !c.notices.Path.IsNull()
	holding, telling, forking := actions.Holding(set), actions.Telling(set), actions.Forking(set)
	need(strictyaml.Error, len(c.reviewers) > 0, holding, unheard, reviewers)
	need(strictyaml.Error, to, holding, unsent, relay)
	need(strictyaml.Error, writes, holding, unheard, from)
	reporting := actions.Reporting(set, c.incidents.Simulated)
	need(strictyaml.Error, to, reporting, unreported, relay)
	need(strictyaml.Error, writes, reporting, unreported, from)
	need(strictyaml.Error, len(c.incidentSettings().SiteAdmins) > 0, actions.ReportingSiteAdmin(set), "reports to `siteAdmin`, and nobody is named as that", admins)
	need(strictyaml.Hint, c.incidents.AttachOriginal, actions.ReportingOriginals(set), "asks for the original message in its reports, and the settings leave it out", originals)
	alerting := actions.Alerting(set)
	need(strictyaml.Hint, to, alerting, unalerted, relay)
	need(strictyaml.Hint, writes, alerting, unalerted, from)
	if notifying := actions.Notifying(set); holding == nil {
		need(strictyaml.Error, to, notifying, unmailed, relay)
		need(strictyaml.Error, writes, notifying, unmailed, from)
	}
	need(strictyaml.Error, len(c.siteAdmins()) > 0, actions.AskingAdmins(set), "tells siteAdmin, who is nobody", asked)
	if holding == nil {
		need(strictyaml.Error, to, forking, uncopied, relay)
		need(strictyaml.Hint, writes, telling, untold, from)
	}
	if holding == nil && forking == nil {
		need(strictyaml.Hint, to, telling, untold, relay)
	}
	return problems
}

// errorNeeds tells what `onError: quarantine` asks for: what rules that hold mail do.
func (c *config) errorNeeds() []strictyaml.Problem {
	if c.process.onError != actions.OnErrorQuarantine {
		return nil
	}
	r := &strictyaml.Reader{File: c.file}
	for _, need := range []struct {
		given bool
		what  string
		add   string
	}{
		{len(c.reviewers) > 0, "nobody would hear of it", "`quarantine: {reviewers: [postmaster@example.com]}`"},
		{c.process.relay.address != "", "it could not be released", "`relay: {reinject: \"unix:/var/spool/postfix/public/postern-in\"}`"},
		{!c.notices.Path.IsNull(), "nobody would hear of it", "`organization: {notices: {from: \"Mail policy <mail-policy@example.com>\"}}`"},
	} {
		if !need.given {
			r.Errorf(c.onErrorAt.node, c.onErrorAt.field, "add "+need.add, "mail that could not be judged is held, and %s", need.what)
		}
	}
	return r.Problems
}

// unheeded gives a hint where no rule acts on content that was not read.
func (c *config) unheeded(set *rules.Set) []strictyaml.Problem {
	signals := set.Unheeded()
	if len(signals) == 0 || len(set.Policies) == 0 {
		return nil
	}
	conditions := map[message.Signal]string{
		message.SignalUnsupported:       "documentIsUnsupported",
		message.SignalPasswordProtected: "documentIsPasswordProtected",
		message.SignalIncomplete:        "processingLimitExceeded",
	}
	var what, write []string
	for _, s := range signals {
		what = append(what, "`"+string(s)+"`")
		write = append(write, "`"+conditions[s]+": true`")
	}
	return []strictyaml.Problem{{
		Severity: strictyaml.Hint, File: c.file, Field: "policies",
		What:  "no enforced rule acts on " + listed(what, "and") + ": such attachments pass unread",
		Write: "add a rule with " + listed(write, "or"),
	}}
}

// listed joins words as in a sentence.
func listed(words []string, last string) string {
	n := len(words) - 1
	if n <= 0 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}

// load gathers and builds. An error means that postern.yaml itself cannot be
// read; the world is nil when there are mistakes.
func load(ctx context.Context, file string, types *classify.Catalog) (*world, *config, []strictyaml.Problem, error) {
	return loadSettled(ctx, file, types, nil)
}

// loadSettled is load for files some of which are settled.
func loadSettled(ctx context.Context, file string, types *classify.Catalog, settled settled) (*world, *config, []strictyaml.Problem, error) {
	s, problems, err := gather(file)
	if err != nil {
		return nil, nil, nil, err
	}
	w, c, more := build(ctx, s, types, settled)
	problems = append(problems, more...)
	strictyaml.Sort(problems)
	if strictyaml.Errors(problems) && w != nil {
		w.closeServer()
		w = nil
	}
	return w, c, problems, nil
}

// without names the policies of old that w has not.
func (w *world) without(old *world) []string {
	var gone []string
	for _, p := range old.set.Policies {
		if !slices.ContainsFunc(w.set.Policies, func(n *rules.Policy) bool { return n.Name == p.Name }) {
			gone = append(gone, clip(p.Name, logText))
		}
	}
	return gone
}

// postconfTime bounds asking Postfix for its maps.
const postconfTime = 20 * time.Second

// newResolver gives what recipients.resolve and recipients.postfix ask for; nil
// when nothing is to be resolved.
func newResolver(ctx context.Context, c *config, people directory.Directory) (directory.Resolver, []strictyaml.Problem) {
	var chain []directory.Resolver
	if c.groups && people != nil {
		chain = append(chain, directory.Groups(people))
	}
	if len(c.postfix) > 0 {
		ctx, cancel := context.WithTimeout(ctx, postconfTime)
		defer cancel()
		maps, err := directory.NewPostmap(ctx, directory.PostmapOptions{Parameters: c.postfix, ConfigDir: c.postfixAt.path})
		if err != nil {
			r := &strictyaml.Reader{File: c.file}
			r.Errorf(c.postfixAt.node, c.postfixAt.field, "take the key away where there is no Postfix", "Postfix cannot be asked for its maps: %v", err)
			return nil, r.Problems
		}
		chain = append(chain, maps)
	}
	if len(chain) == 0 {
		return nil, nil
	}
	return directory.Chain(chain...), nil
}

// missing says why a world cannot go live in a process that was started without a
// way for mail; empty when it can.
func (w *world) missing(p process) string {
	if p.relay.address == "" && w.config.process.relay.address != "" &&
		(p.onError == actions.OnErrorQuarantine || actions.Holding(w.set) != nil || actions.Telling(w.set) != nil || actions.Forking(w.set) != nil || actions.Notifying(w.set) != nil || actions.Reporting(w.set, w.config.incidents.Simulated) != nil) {
		return "the policies need `relay`, which is read at start only: restart postern"
	}
	return ""
}
