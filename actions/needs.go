package actions

import (
	"iter"
	"slices"

	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// parts tells whether a rule of the set may leave some recipients of a message to
// later rules and not others.
func parts(set *rules.Set) bool {
	for s := range specs(set) {
		if s.rule.PerRecipient && (s.rule.Stop || s.halt != nil && s.halt.verdict != Block) {
			return true
		}
	}
	return false
}

// partial tells whether a rule may block some recipients of a message while
// others get it.
func (s *spec) partial(parts bool) bool {
	return s.halt != nil && s.halt.verdict == Block && s.response != respondRejectAll &&
		(s.rule.PerRecipient || s.halt.outsideOnly || parts)
}

// Need is an action of a rule that asks for something beside the policies, with its
// place.
type Need struct {
	Rule         *rules.Rule
	File         string
	Line, Column int
	Field        string // path of keys to the action
}

// need gives the place of the first of some actions of a rule.
func (s *spec) need(names ...string) *Need {
	n := &Need{Rule: s.rule, File: s.file}
	if i := slices.IndexFunc(s.entries, func(e strictyaml.Entry) bool { return slices.Contains(names, e.Key) }); i >= 0 {
		e := s.entries[i]
		n.Line, n.Column, n.Field = e.At.Line, e.At.Column, e.Field
	}
	return n
}

// Holding gives the first action that asks for messages to be held, where somebody
// must hear of it: nil when there is none.
func Holding(set *rules.Set) *Need {
	for s := range specs(set) {
		if s.halt != nil && s.halt.verdict == Quarantine || s.untellable == untellableHold {
			return s.need("quarantine", "untellable")
		}
		if s.mayFail() && s.onActionError != errorContinue {
			return s.need("onActionError", addRecipients, strip)
		}
	}
	return nil
}

// Telling gives the first action for which mail may be sent to the sender: nil when
// there is none.
func Telling(set *rules.Set) *Need {
	parted := parts(set)
	for s := range specs(set) {
		if s.partial(parted) || s.rule.ErrorAction == rules.RetryThenBlock && (s.rule.PerRecipient || parted) || s.halt != nil && s.halt.verdict == Block && s.response == respondNDR {
			return s.need("blockAccess", "rejectMessage")
		}
		if s.mayRefuse() && (s.rule.PerRecipient || parted) {
			return s.need(disclaim)
		}
	}
	return nil
}

// mayRefuse tells whether the rule blocks a message that cannot take its disclaimer.
func (s *spec) mayRefuse() bool {
	return slices.ContainsFunc(s.edits, func(e Edit) bool { return e.Action == disclaim && e.Fallback == fallbackReject })
}

// editing gives the actions that make edits.
func editing() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, k := range kinds {
			if k.Class == NonHalting && !yield(k.Name) {
				return
			}
		}
	}
}

// Forking gives the first action that may give recipients of one message different
// copies, of which all but one are sent by the outbox: nil when there is none.
func Forking(set *rules.Set) *Need {
	parted := parts(set)
	for s := range specs(set) {
		if len(s.edits) > 0 && (s.rule.PerRecipient || parted) {
			return s.need(slices.Collect(editing())...)
		}
	}
	return nil
}

// Notifying gives the first action that tells people by mail, whatever becomes of a
// message: nil when there is none.
func Notifying(set *rules.Set) *Need {
	for s := range specs(set) {
		if s.telling.mails() || s.telling != nil && s.telling.generate != "" {
			return s.need("notifyUser", "generateNotification")
		}
	}
	return nil
}

// AskingAdmins gives the first notifyUser that tells siteAdmin: nil when there is none.
func AskingAdmins(set *rules.Set) *Need {
	for s := range specs(set) {
		if s.telling.addresses(RoleAdmin) {
			return s.need("notifyUser")
		}
	}
	return nil
}
