package rules

import (
	"slices"

	"github.com/postern-mail/postern/message"
)

// readers are the conditions that read the signals of content that was not read.
var readers = map[string]message.Signal{
	"documentIsPasswordProtected": message.SignalPasswordProtected,
	"documentIsUnsupported":       message.SignalUnsupported,
	"processingLimitExceeded":     message.SignalIncomplete,
}

// Unheeded gives the signals of content that was not read which no rule acts on:
// no rule of an enforced policy has both the condition that reads the signal and
// an action. A condition below `not` or among the exceptions reads none.
func (s *Set) Unheeded() []message.Signal {
	heeded := map[message.Signal]bool{}
	var walk func(n *node)
	walk = func(n *node) {
		switch n.op {
		case opNot:
		case opLeaf:
			if sig, ok := readers[n.condition.name]; ok {
				heeded[sig] = true
			}
		default:
			for _, kid := range n.kids {
				walk(kid)
			}
		}
	}
	for _, p := range s.Policies {
		for _, r := range p.Rules {
			if p.Mode.Enforced() && !r.Disabled && len(r.Actions) > 0 && r.conditions != nil {
				walk(r.conditions)
			}
		}
	}
	all := []message.Signal{message.SignalUnsupported, message.SignalPasswordProtected, message.SignalIncomplete}
	return slices.DeleteFunc(all, func(sig message.Signal) bool { return heeded[sig] })
}
