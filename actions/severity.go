package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// The severities of a match, in the words of records.
const (
	severityNone = "None"
	severityLow  = "Low"
	severityHigh = "High"
)

var severities = []string{severityNone, severityLow, "Medium", severityHigh}

func readSeverity(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	words := make([]string, len(severities))
	for i, w := range severities {
		words[i] = strings.ToLower(w)
	}
	s.severityAt = n
	if word, ok := r.OneOf(n, field, words...); ok {
		s.severity = severities[slices.Index(words, word)]
	}
}

// graded gives the severity of matches of the rule.
func (s *spec) graded() string {
	if s.severity == "" {
		return severityLow
	}
	return s.severity
}
