package rules

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// Kind says for whom a condition answers.
type Kind string

// The kinds.
const (
	MessageWide  Kind = "messageWide"  // for all recipients alike
	PerRecipient Kind = "perRecipient" // for each recipient
	AnyRecipient Kind = "anyRecipient" // for all recipients when it holds for one
)

// Condition is a row of the catalogue of conditions.
type Condition struct {
	Name  string
	Doc   string // one line
	Value string // the form of its value
	Kind  Kind
	// Exception tells whether it may stand under `exceptions`.
	Exception bool
	// With is the key that stands beside it and holds the other half of its value;
	// empty for most. Optional tells that it may be left out.
	With     string
	Optional bool
	// Limit is that of Purview, which a policy keeps unless limits are lifted.
	Limit Limit
	// Notes say what is not plain: what was chosen where documents contradict each
	// other, and which key of postern.yaml chooses otherwise. Conditions share them.
	Notes []string
	// Cost orders conditions: what is cheap is asked first.
	Cost int
}

type condition struct {
	name  string
	doc   string
	value string
	kind  Kind
	// cost orders conditions: what is cheap is asked first.
	cost        int
	noException bool
	notes       []string
	parse       func(r *reader, n *strictyaml.Node, field string) (check, bool)

	// Of one whose value stands in two keys: the second of them, and a parser of both
	// in the place of parse. The second is empty where it is optional and not written.
	with      string
	optional  bool
	parsePair func(r *reader, first, second strictyaml.Entry) (check, bool)
}

// read reads the value of a condition; the second entry is that of a pair.
func (c *condition) read(r *reader, first, second strictyaml.Entry) (check, bool) {
	if c.parsePair != nil {
		return c.parsePair(r, first, second)
	}
	return c.parse(r, first.Value, first.Field)
}

// The costs.
const (
	costEnvelope  = 1
	costHeader    = 2
	costNames     = 3
	costDirectory = 4
	costRecipient = 5
	costText      = 20
	costDocuments = 30
	costClassify  = 40
)

// Forms of values.
const (
	formAddresses = "list of addresses"
	formGroups    = "list of groups, by address, name or distinguished name"
	formDomains   = "list of domains; one that begins with a dot stands for all subdomains"
	formScope     = "inOrganization or notInOrganization"
	formWords     = "list of words and phrases"
	formPatterns  = "list of regular expressions"
	formSize      = "number with B, KB, MB, GB or TB"
	formTrue      = "true"
	formAttribute = "mapping of names of attributes to lists of "
)

// What the settings choose, and what was chosen where documents differ.
const (
	noteLocation = "`senderAddressLocation`, of the rule or of `conditions` in postern.yaml, says whether the header field From (`header`), the reverse-path (`envelope`) or both (`headerOrEnvelope`, the default) name the sender; " +
		"the login does always. An exception asks all of them in a session that is not yours. One page of Exchange counts Sender and Reply-To as From and another does not: they count with `conditions: {senderFields: fromSenderReplyTo}`"
	noteSubdomains = "One page of Exchange has domains exact, another has them stand for subdomains too: they are exact, and stand for both with `conditions: {subdomains: include}`"
	noteSizes      = "The names of Exchange say \"equals or is greater than\", its cmdlets \"greater than\": it holds at the size itself, and only above it with `conditions: {sizes: over}`"
	noteWords      = "In scripts that set no blanks between words a word is found anywhere"
	notePrimary    = "An address is compared as it is and as the primary address of its owner"
	noteIdentities = "Where header From, reverse-path and login name several people, a condition holds if it does for any, an exception if it does for all"
	noteHeaderTo   = "Under `exceptions` and `not` only those count that are recipients of the message too: anybody may write anything into a header"
	noteReserved   = "Under `exceptions` and `not` fields do not count that are taken away because nobody may send them: `msip_justification`, `X-Postern-…` and, in sessions that are not yours, `X-MS-Exchange-Organization-…`"
	noteLists      = "The lists are values `tag:address` or `tag:domain` of the attribute of `conditions: {listAttribute: CustomAttribute15}`"
	noteAttributes = "Attributes have the names of Purview or of transport rules; several are alternatives"
	noteHeader     = "Transport rules name the field in `headerContainsMessageHeader` or `headerMatchesMessageHeader` beside the values; that is read too"
	noteCount      = "Groups and aliases count by whom the mail will reach. It holds above the number, not at it"
)

// Conditions lists the catalogue by name: what reference pages are made from.
func Conditions() []Condition {
	list := make([]Condition, len(catalog))
	for i, c := range catalog {
		list[i] = Condition{Name: c.name, Doc: c.doc, Value: c.value, Kind: c.kind, Exception: !c.noException,
			With: c.with, Optional: c.optional, Limit: c.limit(), Notes: c.notes, Cost: c.cost}
	}
	return list
}

// secondNames are the keys that stand beside conditions.
func secondNames() (names []string) {
	for _, c := range catalog {
		if c.with != "" {
			names = append(names, c.with)
		}
	}
	return names
}

// secondOf finds the condition beside which a key stands; nil for other keys.
func secondOf(name string) *condition {
	for i := range catalog {
		if catalog[i].with == name && name != "" {
			return &catalog[i]
		}
	}
	return nil
}

func conditionNames() []string {
	names := make([]string, len(catalog))
	for i, c := range catalog {
		names[i] = c.name
	}
	return names
}

// lookupCondition finds a condition of the catalogue by its exact name.
func lookupCondition(name string) *condition {
	i, ok := slices.BinarySearchFunc(catalog, name, func(c condition, name string) int { return strings.Compare(c.name, name) })
	if !ok {
		return nil
	}
	return &catalog[i]
}
