package message

import "net/netip"

// Path is a reverse-path or forward-path (RFC 5321, section 4.1.2): a mailbox,
// or the null path. The local-part is kept as given, the domain in lower case.
type Path struct {
	local, domain string
}

// IsNull tells whether p is the null path, `<>`.
func (p Path) IsNull() bool { return p.local == "" && p.domain == "" }

// Local is the local-part, unquoted, in the case given.
func (p Path) Local() string { return p.local }

// Domain is the domain in lower case, without a trailing dot; empty for a
// mailbox without one, as `postmaster`.
func (p Path) Domain() string { return p.domain }

// Recipient is one forward-path as the MTA handed it over.
type Recipient struct {
	// Raw is the argument of RCPT as the client gave it: what a later deletion
	// must repeat.
	Raw string
	// Path is the canonical address, from the MTA's {rcpt_addr} where it is known.
	Path Path
	// Args are the ESMTP arguments of RCPT, as NOTIFY=NEVER.
	Args []string
	// Of is the group that the client named, where Path is one of its members in its
	// place; the null path otherwise.
	Of Path
}

// Named is the address that the client named.
func (r Recipient) Named() Path {
	if !r.Of.IsNull() {
		return r.Of
	}
	return r.Path
}

// Envelope is what the SMTP session said of a message.
type Envelope struct {
	ReversePath Path
	// MailArgs are the ESMTP arguments of MAIL, as SIZE=100 or SMTPUTF8.
	MailArgs   []string
	Recipients []Recipient

	ClientAddr netip.Addr // not valid for a client without an IP address
	ClientName string     // as the MTA resolved it
	HELO       string
	TLSVersion string // {tls_version}; empty without TLS
	// Authenticated is the login name, {auth_authen}; empty without one.
	Authenticated string
	// Listener is the name of the MTA's listener, {daemon_name}.
	Listener string
	// QueueID is the MTA's queue identifier, the macro i.
	QueueID string
	// Hostname is the MTA's own name, the macro j.
	Hostname string
	// Simulated is set for mail that came from sendmail(1), which the MTA shows
	// as an SMTP session from localhost.
	Simulated bool
	// Macros are the values that the MTA sent beside the commands, by name without
	// braces: at most 64, and none of a single recipient. They are kept with a held
	// message and decide nothing.
	Macros map[string]string
}
