package rules

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-mail/postern/strictyaml"
)

// keySet is what may stand in a mapping, and what people write there who think
// of another place or another version.
type keySet struct {
	known []string
	// unbuilt are keys that Postern or Purview knows and this version does not.
	unbuilt []string
	// notMail are keys that say nothing of mail.
	notMail []string
	// elsewhere says what to write for keys that belong to another place, in
	// small letters.
	elsewhere map[string]string
}

func (k keySet) has(key string) bool { return slices.Contains(k.known, key) }

var policyKeys = keySet{
	known: []string{"policy", "comment", "mode", "priority", "scope", "administrativeUnit", "rules"},
	elsewhere: map[string]string{
		"name":                            "write `policy: Name`",
		"rule":                            "write it in the list under `rules`",
		"conditions":                      "write it in a rule, in the list under `rules`",
		"exceptions":                      "write it in a rule, in the list under `rules`",
		"actions":                         "write it in a rule, in the list under `rules`",
		"administrativeunits":             "write `administrativeUnit`",
		"exchangesender":                  "write it under `scope`",
		"exchangesenderexception":         "write it under `scope`",
		"exchangesendermemberof":          "write it under `scope`",
		"exchangesendermemberofexception": "write it under `scope`",
		"exchangelocation":                "leave it away, or name groups of senders under `scope`",
		"enabled":                         "write `mode: enable` or `mode: disable`",
		"disabled":                        "write `mode: disable`",
	},
}

var scopeKeys = keySet{
	known: []string{"exchangeSender", "exchangeSenderException", "exchangeSenderMemberOf", "exchangeSenderMemberOfException"},
	elsewhere: map[string]string{
		"include": "write `exchangeSenderMemberOf`",
		"exclude": "write `exchangeSenderMemberOfException`",

		"exchangelocation": "take it away: without groups and people the policy is for all mail",
	},
}

var ruleKeys = keySet{
	known: []string{"rule", "comment", "disabled", "activationDate", "expiryDate", "ruleErrorAction", "evaluateRulePerComponent",
		"senderAddressLocation", "conditions", "exceptions", "actions"},
	elsewhere: map[string]string{
		"name":                 "write `rule: Name`",
		"mode":                 "write it before `rules`: a mode is that of a policy",
		"priority":             "put rules in the order they are due: a priority is that of a policy",
		"exceptif":             "write `exceptions`",
		"condition":            "write `conditions`",
		"enabled":              "write `disabled: true` for a rule that is off",
		"advancedrule":         "write its conditions under `conditions`, with `all`, `any` and `not`",
		"stoppolicyprocessing": "write it under `actions`",
		"stopruleprocessing":   "write `stopPolicyProcessing: true` under `actions`",
		"action":               "write `actions`",
		"exception":            "write `exceptions`",
	},
}

var conditionKeys = keySet{
	known:   slices.Concat([]string{"all", "any", "not"}, conditionNames(), secondNames()),
	notMail: notOfMail,
	elsewhere: map[string]string{
		"and":                       "write `all`",
		"or":                        "write `any`",
		"none":                      "write `not`, with `any` below it",
		"except":                    "write it under `exceptions`",
		"exceptions":                "write it beside `conditions`",
		"actions":                   "write it beside `conditions`",
		"documentnamecontainswords": "write `documentNameMatchesWords`",
		"subjectmatcheswords":       "write `subjectContainsWords`",
		"subjectorbodymatcheswords": "write `subjectOrBodyContainsWords`",
		"contentextensioncontains":  "write `contentExtensionMatchesWords`",
		"contentisreceivedfrom":     "write `fromScope`",
		"betweenmemberof":           "write `betweenMemberOf1` and `betweenMemberOf2`",
		"senderipaddress":           "write `senderIPRanges`",
		"recipientdomain":           "write `recipientDomainIs`",

		"attachmentcontainswords":           "write `documentContainsWords`",
		"attachmentextensionmatcheswords":   "write `contentExtensionMatchesWords`",
		"attachmentispasswordprotected":     "write `documentIsPasswordProtected`",
		"attachmentisunsupported":           "write `documentIsUnsupported`",
		"attachmentmatchespatterns":         "write `documentMatchesPatterns`",
		"attachmentnamematchespatterns":     "write `documentNameMatchesPatterns`",
		"attachmentprocessinglimitexceeded": "write `processingLimitExceeded`",
		"attachmentpropertycontainswords":   "write `contentPropertyContainsWords`",
		"attachmentsizeover":                "write `documentSizeOver`",
		"contentispasswordprotected":        "write `documentIsPasswordProtected`",
		"messageisnotlabelled":              "write `messageIsNotLabeled`",
		"attachmentisnotlabelled":           "write `attachmentIsNotLabeled`",
		"contentisnotlabelled":              "write `contentIsNotLabeled`",
	},
}

// notOfMail are conditions of Purview on what lies in sites and folders.
var notOfMail = []string{"contentIsShared", "documentCreatedBy", "documentCreatedByMemberOf", "hasActivity"}

// keys reads a mapping and refuses what is not in the set. Entries refused stay
// in the mapping.
func (r *reader) keys(n *strictyaml.Node, field string, set keySet) *strictyaml.Mapping {
	m := r.Mapping(n, field)
	for _, e := range m.Entries() {
		if !set.has(e.Key) {
			r.refused[field] = append(r.refused[field], r.refuse(e, set))
		}
	}
	return m
}

func (r *reader) refuse(e strictyaml.Entry, set keySet) (write string) {
	if name := fold(e.Key, set.unbuilt); name != "" {
		r.Errorf(e.At, e.Field, "take it away", "%q is not supported by this version", name)
		return ""
	}
	if name := fold(strings.TrimPrefix(strings.ToLower(e.Key), "exceptif"), set.notMail); name != "" {
		r.Errorf(e.At, e.Field, "take it away", "%q asks about files in sites and folders, not about mail", name)
		return ""
	}
	rest, ok := cutFold(e.Key, "exceptif")
	if !ok {
		rest, ok = cutFold(e.Key, "except") // as one page of Exchange has it
	}
	if ok {
		if name := fold(rest, slices.Concat(conditionNames(), secondNames())); name != "" {
			write = "write `" + name + "` under `exceptions`"
		}
	}
	switch name := fold(e.Key, set.known); {
	case write != "":
	case name != "":
		write = "write `" + name + "`: small and capital letters count"
	default:
		write = set.elsewhere[strings.ToLower(e.Key)]
	}
	if name := fold(e.Key, conditionNames()); write == "" && name != "" {
		write = "write `" + name + "` under `conditions`"
	}
	if best := strictyaml.Closest(e.Key, append(slices.Clone(set.known), set.unbuilt...)); write == "" && best != "" {
		write = "did you mean `" + best + "`?"
	}
	if longer := begun(e.Key, set.known); write == "" && len(longer) > 0 {
		write = "did you mean " + oneOf(longer) + "?"
	}
	if write == "" && len(set.known) <= 12 {
		write = "write " + oneOf(set.known)
	}
	if write == "" {
		write = "write a condition (conditions.md lists them), `all`, `any` or `not`"
	}
	r.Errorf(e.At, e.Field, write, "unknown key %q", e.Key)
	return write
}

// begun gives the words that a word is the beginning of, at most three.
func begun(word string, words []string) (longer []string) {
	for _, w := range words {
		if len(word) > 3 && len(w) > len(word) && strings.EqualFold(w[:len(word)], word) && len(longer) < 3 {
			longer = append(longer, w)
		}
	}
	return longer
}

// require gives the entry of a key that must be there. What was said of a key
// refused in its place is not said again.
func (r *reader) require(m *strictyaml.Mapping, key, write string) (strictyaml.Entry, bool) {
	e, ok := m.Get(key)
	if ok || m == nil {
		return e, ok
	}
	for _, said := range r.refused[m.Field] {
		if strings.Contains(said, "`"+key+"`") && !strings.Contains(said, " or ") || strings.Contains(said, "`"+key+": ") {
			return e, false
		}
	}
	return m.Require(key, write)
}

// fold finds a word whatever its case; empty when it is none.
func fold(word string, words []string) string {
	for _, w := range words {
		if strings.EqualFold(w, word) {
			return w
		}
	}
	return ""
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return "", false
}

func oneOf(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return "`" + words[0] + "`"
	}
	return "`" + strings.Join(words[:last], "`, `") + "` or `" + words[last] + "`"
}

func runes(s string) int { return utf8.RuneCountInString(s) }

func isControl(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }
