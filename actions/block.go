package actions

import (
	"github.com/postern-mail/postern/strictyaml"
)

// halt is a halting action.
type halt struct {
	// verdict is Block, Quarantine or Delete.
	verdict Verdict
	// outsideOnly is blockAccess perUser: only people outside are refused.
	outsideOnly bool
	// text and enhanced are those of rejectMessage.
	text, enhanced string
}

// The values of blockAccess. PerAnonymousUser is about sharing links and has no
// meaning for mail.
const (
	scopeAll     = "all"
	scopePerUser = "perUser"
)

// readBlockAccess reads `all` or `perUser`, or Purview's Boolean whose scope
// stands in blockAccessScope.
func readBlockAccess(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.halt = &halt{verdict: Block}
	switch {
	case n.Tag == "!!bool":
		if yes, ok := r.Bool(n, field); ok && !yes {
			r.Errorf(n, field, "take the action away", "blockAccess: %s blocks nothing", n.Value)
		}
	default:
		v, _ := r.OneOf(n, field, scopeAll, scopePerUser)
		s.halt.outsideOnly = v == scopePerUser
	}
}

func readBlockAccessScope(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.scopeAt = n
	v, _ := r.OneOf(n, field, scopeAll, scopePerUser)
	s.scopeOutside = v == scopePerUser
}

// rejectLength is Exchange's limit for the reason text, in characters.
const rejectLength = 1024

// readRejectMessage reads a text, or a text with an enhanced status code of
// class 5 (RFC 3463), 5.7.1 when none is given.
func readRejectMessage(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.halt = &halt{verdict: Block, enhanced: "5.7.1"}
	if len(n.Content) == 0 {
		s.halt.text, _ = readLine(r, n, field, rejectLength)
		return
	}
	m := r.Mapping(n, field, "text", "enhanced")
	if e, ok := m.Require("text", "write what the sender reads"); ok {
		s.halt.text, _ = readLine(r, e.Value, e.Field, rejectLength)
	}
	if e, ok := m.Get("enhanced"); ok {
		code, good := r.Text(e.Value, e.Field)
		if good && (!validEnhanced(code) || code[0] != '5') {
			r.Errorf(e.Value, e.Field, "write a code such as `5.7.1`", "%q is not an enhanced status code of class 5", code)
			return
		}
		s.halt.enhanced = code
	}
}

// The values of blockResponse and untellable.
const (
	respondReject       = "reject"
	respondNDR          = "ndr"
	respondRejectAll    = "rejectAll"
	untellableHold      = "quarantine"
	untellableRejectAll = "rejectAll"
)

func readBlockResponse(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.toldAt = n
	s.response, _ = r.OneOf(n, field, respondReject, respondNDR, respondRejectAll)
}

func readUntellable(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	s.toldAt = n
	s.untellable, _ = r.OneOf(n, field, untellableHold, untellableRejectAll)
}

func readQuarantine(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	readTrue(r, n, field)
	s.halt = &halt{verdict: Quarantine}
}

func readDelete(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	readTrue(r, n, field)
	s.halt = &halt{verdict: Delete}
}

// readTrue reads the value of an action that is on by being written.
func readTrue(r *strictyaml.Reader, n *strictyaml.Node, field string) {
	if v, ok := r.Bool(n, field); ok && !v {
		r.Errorf(n, field, "take the action away", "an action that is false does nothing")
	}
}
