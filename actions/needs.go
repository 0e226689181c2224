package actions

import "github.com/postern-mail/postern/rules"

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

// Holding gives the first rule that asks for messages to be held, where somebody
// must hear of it: nil when there is none.
func Holding(set *rules.Set) *rules.Rule {
	for s := range specs(set) {
		if s.halt != nil && s.halt.verdict == Quarantine || s.untellable == untellableHold {
			return s.rule
		}
	}
	return nil
}

// Telling gives the first rule whose match may have mail sent to the sender: nil
// when there is none.
func Telling(set *rules.Set) *rules.Rule {
	parted := parts(set)
	for s := range specs(set) {
		if s.partial(parted) || s.halt != nil && s.halt.verdict == Block && s.response == respondNDR {
			return s.rule
		}
	}
	return nil
}

// Forking gives the first rule whose match may give recipients of one message
// different copies, of which all but one are sent by the outbox: nil when there is
// none.
func Forking(set *rules.Set) *rules.Rule {
	parted := parts(set)
	for s := range specs(set) {
		if len(s.edits) > 0 && (s.rule.PerRecipient || parted) {
			return s.rule
		}
	}
	return nil
}
