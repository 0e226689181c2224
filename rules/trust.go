package rules

import (
	"net/netip"
	"slices"

	"github.com/postern-mail/postern/message"
)

// Trust says which sessions are ours (design: "Whom we trust"). Nothing in
// envelope or header makes a session ours.
type Trust struct {
	// Authenticated makes sessions with a login name ours.
	Authenticated bool
	// Listeners are names of listeners of the MTA whose sessions are ours.
	Listeners []string
	// Networks are those of clients whose sessions are ours.
	Networks []netip.Prefix
}

// Ours tells whether the session of an envelope is ours.
func (t Trust) Ours(env *message.Envelope) bool {
	if t.Authenticated && env.Authenticated != "" {
		return true
	}
	if env.Listener != "" && slices.Contains(t.Listeners, env.Listener) {
		return true
	}
	addr := env.ClientAddr.Unmap().WithZone("")
	return addr.IsValid() && slices.ContainsFunc(t.Networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}
