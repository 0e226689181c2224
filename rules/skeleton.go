// Package rules holds policies: it loads, checks, compiles and evaluates
// them. It says which rules match which recipients, and why; it does nothing to
// a message and knows actions only by what the vocabulary tells of them.
package rules

import (
	"context"
	"net/netip"
	"time"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/strictyaml"
)

// Mode is the mode of a policy.
type Mode string

// The modes.
const (
	Enable                   Mode = "enable"
	TestWithNotifications    Mode = "testWithNotifications"
	TestWithoutNotifications Mode = "testWithoutNotifications"
	Disable                  Mode = "disable"
)

// Enforced tells whether rules of the mode act.
func (m Mode) Enforced() bool { return m == Enable }

// Policy is one policy file.
type Policy struct {
	Name     string
	Comment  string
	File     string
	Mode     Mode
	Priority int // of the policies of a set, 0 first, after sorting
	Rules    []*Rule
	scope    *scope
}

type scope struct{}

// Rule is one rule of a policy.
type Rule struct {
	Policy   *Policy
	Name     string
	Comment  string
	Disabled bool
	// Stop is stopPolicyProcessing: a match of an enforced rule ends evaluation.
	Stop bool
	// Actions are the values made by the vocabulary, in the order of the file.
	Actions []any
	// PerRecipient is set when the rule may match some recipients of a message and
	// not others.
	PerRecipient bool
	conditions   *node
	exceptions   *node
}

type node struct{}

// Set is all policies, sorted by priority. It is read-only.
type Set struct {
	Policies []*Policy
	// Version is a digest of the files, twelve hexadecimal digits.
	Version string
}

// File is a policy file to load.
type File struct {
	Name string
	Data []byte
}

// ActionKeys is how the floor above reads the actions of a rule.
type ActionKeys interface {
	// Parse reads the mapping under `actions`. The values are kept in
	// Rule.Actions. Mistakes are recorded in r. stopPolicyProcessing is among them.
	Parse(r *strictyaml.Reader, n *strictyaml.Node, field string, rule *Rule) (actions []any)
}

// Vocabulary is what the loader accepts.
type Vocabulary struct {
	Types   *classify.Catalog
	Actions ActionKeys
	// Directory, when not nil, is asked whether groups exist: an unknown one is a
	// hint.
	Directory directory.Directory
}

// Load reads, checks and compiles policies. Problems holds every mistake of
// every file and of all together; the set is nil when one of them is an error.
func Load(files []File, v Vocabulary) (*Set, []strictyaml.Problem) { panic("skeleton") }

// Trust says which sessions are ours (design: "Whom we trust").
type Trust struct {
	Authenticated bool
	Listeners     []string
	Networks      []netip.Prefix
}

// Ours tells whether the session of an envelope is ours.
func (t Trust) Ours(env *message.Envelope) bool { panic("skeleton") }

// World is what rules are judged against, besides the message.
type World struct {
	Organization *directory.Organization
	Directory    directory.Directory // nil without one
	Resolver     directory.Resolver  // nil resolves nothing
	Types        *classify.Catalog
	Trust        Trust
	Extract      extract.Limits
	ExtractTime  time.Duration // for all parts of one message; 0 is unlimited
}

// Scan is the lazy view of one message that conditions read: text is extracted
// once, classified once, a person looked up once. It is for one goroutine.
type Scan struct {
	Message *message.Message
	World   *World
}

// NewScan gives the view of a message.
func NewScan(w *World, m *message.Message) *Scan { panic("skeleton") }

// Ours tells whether the session is ours.
func (s *Scan) Ours() bool { panic("skeleton") }

// MayBeTold tells whether the sender may be told of decisions: the session is
// ours, the reverse-path is not null and is an inside address.
func (s *Scan) MayBeTold(ctx context.Context) bool { panic("skeleton") }

// AddressMismatch tells whether header From, reverse-path and login name
// different mailboxes.
func (s *Scan) AddressMismatch(ctx context.Context) bool { panic("skeleton") }

// RecipientInside tells whether recipient i, as it will be delivered, is
// inside: for a group only when all members are.
func (s *Scan) RecipientInside(ctx context.Context, i int) (bool, error) { panic("skeleton") }

// Notices gives the signals of the message and of the parts read so far, in
// order of the parts.
func (s *Scan) Notices() []message.Notice { panic("skeleton") }

// Truth is an answer of three values.
type Truth int8

// The answers. Unknown is for look-ups that failed, never for content.
const (
	False Truth = iota
	Unknown
	True
)

func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t] }

// Result of a rule.
type Result string

// The results.
const (
	Matched      Result = "matched"
	NotMatched   Result = "notMatched"
	UnknownRule  Result = "unknown"
	NotEvaluated Result = "notEvaluated"
)

// ConditionResult says what one condition of a rule came to.
type ConditionResult struct {
	Path      string // "conditions.all[0].any[1]", "exceptions[0]" …
	Condition string
	Result    string // true, false, unknown or notEvaluated
	Reason    string // in plain words, values masked
}

// Evidence is what a condition on content found: masked counts, no values.
type Evidence struct {
	Condition   string   `json:"condition"`
	Type        string   `json:"type"`
	Count       int      `json:"count"`
	UniqueCount int      `json:"uniqueCount"`
	Confidence  int      `json:"confidence"`
	Parts       []string `json:"parts"`
}

// RuleResult says what one rule came to.
type RuleResult struct {
	Rule   *Rule
	Result Result
	// Matches and Unknowns are indices into Envelope.Recipients, ascending.
	Matches  []int
	Unknowns []int
	// Stopped are recipients for which the rule was not evaluated because a rule
	// before it stopped.
	Stopped    []int
	Reason     string
	Conditions []ConditionResult
	Evidence   []Evidence
}

// Evaluation is what all rules came to, in the order of evaluation.
type Evaluation struct {
	Rules []RuleResult
}

// Evaluate judges a message by every rule for every recipient.
func (s *Set) Evaluate(ctx context.Context, scan *Scan) *Evaluation { panic("skeleton") }
