package rules

import (
	"net/netip"
	"slices"
	"strings"

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

// Reserved tells the header fields that no client may send us and that are taken
// away: those that Postern writes and, from sessions that are not ours, those that
// Exchange writes. Odd spellings of a name count as the name.
func Reserved(name string, ours bool) bool {
	n := strings.ToLower(strings.Map(func(c rune) rune {
		if c <= ' ' || c == 0x7f {
			return -1
		}
		return c
	}, name))
	return n == "msip_justification" || strings.HasPrefix(n, "x-postern-") ||
		!ours && strings.HasPrefix(n, "x-ms-exchange-organization-")
}

// headers gives the header sections of the message, where asked for without the
// fields that are taken away.
func (s *Scan) headers(without bool) []message.Header {
	if !without {
		return s.Message.Headers()
	}
	if s.relied == nil {
		reserved := func(f message.Field) bool { return Reserved(f.Name, s.Ours()) }
		for _, h := range s.Message.Headers() {
			if slices.ContainsFunc(h, reserved) {
				h = slices.DeleteFunc(slices.Clone(h), reserved)
			}
			s.relied = append(s.relied, h)
		}
	}
	return s.relied
}
