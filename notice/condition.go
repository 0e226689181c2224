package notice

import (
	"slices"
	"strings"
)

// Condition is a condition of a rule that a message meets.
type Condition struct {
	// Name is that of policy files, as "subjectContainsWords".
	Name string
	// Reason says in English why it holds, masked by the caller.
	Reason string
}

// about says what conditions are about, by what their names begin with; the first that
// fits is taken. Languages in which no reasons are written say no more than that.
var about = []struct{ prefix, key string }{
	{"subjectOrBody", "text"}, {"subject", "subject"},
	{"recipientInSenderList", "between"}, {"senderInRecipientList", "between"}, {"senderManagement", "between"}, {"adComparison", "between"}, {"managerFor", "between"},
	{"hasSenderOverride", "other"}, {"accessScope", "recipient"}, {"anyOf", "recipient"}, {"recipient", "recipient"}, {"sentTo", "recipient"}, {"nonBifurcating", "recipient"}, {"domainCount", "recipient"},
	{"from", "sender"}, {"sender", "sender"},
	{"documentIs", "unread"}, {"unscannable", "unread"}, {"processingLimit", "unread"}, {"messageIsAmbiguous", "unread"},
	{"messageSize", "size"}, {"documentSize", "size"},
	{"attachmentIsNotLabeled", "label"}, {"contentIsNotLabeled", "label"}, {"messageIsNotLabeled", "label"}, {"hasClassification", "label"}, {"hasNoClassification", "label"},
	{"contentCharacterSet", "message"}, {"attachment", "attachment"}, {"content", "attachment"}, {"document", "attachment"},
	{"header", "message"}, {"messageType", "message"}, {"scl", "message"}, {"withImportance", "message"},
	{"", "other"},
}

// conditions says what a message meets, each sentence once.
func (s *sentences) conditions(list []Condition) (all []string) {
	for _, c := range list {
		i := slices.IndexFunc(about, func(a struct{ prefix, key string }) bool { return strings.HasPrefix(c.Name, a.prefix) })
		text := begin(s.say("condition."+about[i].key, "reason", line(c.Reason, replyLength)))
		if text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
