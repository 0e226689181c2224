package rules

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// Limits of Purview that concern policies as they are written. Where its pages
// differ the larger number holds.
const (
	maxPolicySize  = 100 << 10 // octets of a file
	maxRuleSize    = 100 << 10 // octets of a rule as it is written
	maxPolicies    = 10_000    // of a set
	maxRules       = 600       // of a set
	maxPatterns    = 20 << 10  // octets of all patterns of a set
	maxName        = 64        // characters of the name of a policy or rule
	maxComment     = 1024      // characters
	maxFieldName   = 64        // characters of the name of a header field
	maxScopeGroups = 50        // of a policy, included and excluded
	maxScopeUsers  = 100       // of a policy, included and excluded
	maxTypes       = 125       // of sensitive information, in a rule
)

// maxNesting bounds all, any and not. It is not Purview's and always holds.
const maxNesting = 20

// maxPriority is the greatest number of a policy.
const maxPriority = 1_000_000

// Limit is Purview's bound on the values of a condition. Zero is no bound.
type Limit struct {
	// Length is the most characters of a value.
	Length int
	// Count is the most values of a condition.
	Count int
	// PerRule makes Count that of all such conditions of a rule together.
	PerRule bool
	// Types is the most types of sensitive information in a rule.
	Types int
}

// String says the limit in words; it is empty when there is none.
func (l Limit) String() string {
	var parts []string
	if l.Length > 0 {
		parts = append(parts, fmt.Sprintf("%d characters", l.Length))
	}
	if l.Count > 0 {
		s := fmt.Sprintf("%d values", l.Count)
		if l.PerRule {
			s += " in a rule"
		}
		parts = append(parts, s)
	}
	if l.Types > 0 {
		parts = append(parts, fmt.Sprintf("%d types in a rule", l.Types))
	}
	return strings.Join(parts, ", ")
}

// formLimits are those of all conditions of a form of value.
var formLimits = map[string]Limit{
	formAddresses: {Length: 256, Count: 600},
	formGroups:    {Length: 256, Count: 600},
	formDomains:   {Length: 67, Count: 600},
	formWords:     {Length: 128, Count: 600},
	formPatterns:  {Length: 128, Count: 300},
}

// limits are those of single conditions, by name.
var limits = map[string]Limit{
	"contentCharacterSetContainsWords":    {Count: 600},
	"contentContainsSensitiveInformation": {Types: maxTypes},
	"contentExtensionMatchesWords":        {Count: 600, PerRule: true},
	"fromAddressMatchesPatterns":          {Length: 128, Count: 600},
	"hasClassification":                   {Length: 256, Count: 600},
	"headerContainsWords":                 {Length: 128, Count: 600},
	"headerMatchesPatterns":               {Length: 128, Count: 300},
	"managerForEvaluatedUser":             {Length: 256, Count: 600},
	"recipientADAttributeContainsWords":   {Length: 128, Count: 600},
	"recipientADAttributeMatchesPatterns": {Length: 128, Count: 300},
	"recipientDomainIs":                   {Length: 67, Count: 5000},
	"recipientInSenderList":               {Length: 128, Count: 600},
	"senderADAttributeContainsWords":      {Length: 128, Count: 600},
	"senderADAttributeMatchesPatterns":    {Length: 128, Count: 600},
	"senderInRecipientList":               {Length: 128, Count: 600},
	"senderIPRanges":                      {Length: 128, Count: 600},
}

// limit gives the bound of a condition.
func (c *condition) limit() Limit {
	if l, ok := limits[c.name]; ok {
		return l
	}
	return formLimits[c.value]
}

// over records that a limit of Purview is exceeded: a mistake, or a hint where
// limits are lifted. It tells whether the value is good all the same.
func (r *reader) over(n *strictyaml.Node, field, write, format string, args ...any) bool {
	if r.vocabulary.NoLimits {
		r.Hintf(n, field, "", "beyond the limits of Purview: "+format, args...)
		return true
	}
	r.Errorf(n, field, write, format, args...)
	return false
}

// texts reads a list of texts within the limit of the condition being read.
func (r *reader) texts(n *strictyaml.Node, field string) ([]string, []*strictyaml.Node, bool) {
	list, nodes, ok := r.Texts(n, field)
	return list, nodes, r.within(n, field, list, nodes) && ok
}

// within holds values against the limit of the condition being read.
func (r *reader) within(n *strictyaml.Node, field string, list []string, nodes []*strictyaml.Node) bool {
	l, ok := r.limit, true
	count := &r.values
	if l.PerRule {
		count = &r.valuesInRule
	}
	before := *count
	*count += len(list)
	if l.Count > 0 && before <= l.Count && *count > l.Count {
		ok = r.over(n, field, "divide the rule", "%d values are written, at most %d are allowed", *count, l.Count)
	}
	for i, s := range list {
		if c := runes(s); l.Length > 0 && c > l.Length {
			ok = r.over(nodes[i], entryField(n, field, nodes[i]), fmt.Sprintf("write at most %d", l.Length), "the value has %d characters", c) && ok
		}
	}
	return ok
}

// sizes holds the rules of a policy, as they are written, against the limit.
func (d *draft) sizes(data []byte, n *strictyaml.Node, field string) {
	if len(data) <= maxRuleSize || n.Kind != sequence {
		return
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, item := range n.Content {
		first, end := item.Line-1, len(lines)
		if i+1 < len(n.Content) {
			end = n.Content[i+1].Line - 1
		}
		size := 0
		for j := first; j < end; j++ {
			// Behind the last rule a further key of the policy may stand.
			if c := lines[j]; j > first && len(c) > 0 && ('a' <= c[0] && c[0] <= 'z') {
				break
			}
			size += len(lines[j])
		}
		if size > maxRuleSize {
			d.over(item, strictyaml.Index(field, i), "divide the rule", "the rule is larger than %d KB", maxRuleSize>>10)
		}
	}
}
