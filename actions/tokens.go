package actions

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// Tokens of the texts of notifyEmailCustomSubject and notifyEmailCustomText
// (Purview), and of generateNotification (Exchange), compared without case.
var (
	notifyTokens = []string{
		"AppliedActions", "BlockedMessageInfo", "ContentId", "Filename", "MatchedConditions", "MatchedConditionsAndValues",
		"MatchedSITAndSurroundingcontext", "PolicyName", "PolicyRule", "SiteAdmin", "TimestampForIncidentOccurrence", "UserEmail", "Workload",
	}
	generateTokens = []string{"Cc", "From", "Headers", "MessageDate", "Subject", "To"}
	// foreignTokens have no meaning for mail.
	foreignTokens = map[string]string{"contenturl": "documents of a site", "processname": "programs on a computer"}
)

// checkTokens tells of a token that the texts of a key have not.
func checkTokens(r *strictyaml.Reader, n *strictyaml.Node, field, text string, known []string) bool {
	for _, token := range tokensOf(text) {
		if slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, token) }) {
			continue
		}
		write := "the tokens are %%" + strings.Join(known, "%%, %%") + "%%"
		if best := strictyaml.Closest(token, known); best != "" {
			write = "did you mean `%%" + best + "%%`?"
		}
		if of := foreignTokens[strings.ToLower(token)]; of != "" {
			r.Errorf(n, field, "take it away", "the token %%%%%s%%%% is one of %s, not of mail", token, of)
		} else {
			r.Errorf(n, field, write, "there is no token %%%%%s%%%%", token)
		}
		return false
	}
	return true
}

// tokensOf gives what stands between pairs of percent signs, where it is a word.
func tokensOf(text string) (tokens []string) {
	for {
		_, rest, ok := strings.Cut(text, "%%")
		if !ok {
			return tokens
		}
		word := rest
		if end := strings.IndexFunc(rest, func(c rune) bool { return (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') }); end >= 0 {
			word = rest[:end]
		}
		if after, closed := strings.CutPrefix(rest[len(word):], "%%"); closed && word != "" {
			tokens, text = append(tokens, word), after
		} else {
			text = rest
		}
	}
}
