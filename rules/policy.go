package rules

import (
	"time"

	"github.com/postern-mail/postern/classify"
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
	scope    scope
}

// Rule is one rule of a policy.
type Rule struct {
	Policy   *Policy
	Name     string
	Comment  string
	Disabled bool
	// Activation and Expiry bound the time in which the rule acts, the former
	// included; zero is open.
	Activation, Expiry time.Time
	// ErrorAction is ruleErrorAction; empty leaves it to the settings of the engine.
	ErrorAction ErrorAction
	// Stop is stopPolicyProcessing: a match of an enforced rule ends evaluation.
	Stop bool
	// Actions are the values made by the vocabulary, in the order of the file.
	Actions []any
	// PerRecipient is set when the rule may match some recipients of a message and
	// not others.
	PerRecipient bool
	// PerComponent is evaluateRulePerComponent: conditions and exceptions must be
	// answered by one component, the body or one attachment.
	PerComponent bool
	// location is senderAddressLocation; empty is that of the settings. Located is set
	// when a condition looks at it.
	location     Location
	located      bool
	conditions   *node
	exceptions   *node  // nil without any
	line, column int    // of the rule in its file
	field        string // path of keys to the rule
	leaves       []*node
}

// op is how a node joins those below it.
type op int8

const (
	opLeaf op = iota
	opAll
	opAny
	opNot // one child
)

// node is a condition, or conditions joined.
type node struct {
	op   op
	path string
	kids []*node // cheapest first
	cost int     // of the dearest condition

	// Of a leaf.
	condition *condition
	value     *strictyaml.Node
	second    *strictyaml.Node // of a pair; nil for others
	written   func() string    // both, in one line
	check     check
	number    int      // the same for all conditions of the set that say the same
	index     int      // among the leaves of the rule, in the order of the file
	location  Location // senderAddressLocation of its rule
	// strict is set under an exception or an odd number of nots: where several
	// senders are named, all must satisfy the condition.
	strict bool
}

// Set is all policies, sorted by priority. It is read-only.
type Set struct {
	Policies []*Policy
	// Version is a digest of the files, twelve hexadecimal digits.
	Version string

	types      map[*classify.Type]bool // asked for by any rule
	recipients bool                    // some condition looks at recipients
	rules      int
	different  int // conditions that say different things
}
