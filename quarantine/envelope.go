package quarantine

import (
	"fmt"
	"net/netip"

	"github.com/postern-mail/postern/message"
)

// Envelope is a [message.Envelope] in a form that is kept as JSON. Its fields
// mean the same; paths are texts without angle brackets.
type Envelope struct {
	ReversePath   string      `json:"reversePath"` // empty for the null path
	MailArgs      []string    `json:"mailArgs,omitempty"`
	Recipients    []Recipient `json:"recipients"`
	ClientAddr    netip.Addr  `json:"clientAddr,omitzero"`
	ClientName    string      `json:"clientName,omitempty"`
	HELO          string      `json:"helo,omitempty"`
	TLSVersion    string      `json:"tlsVersion,omitempty"`
	Authenticated string      `json:"authenticated,omitempty"`
	Listener      string      `json:"listener,omitempty"`
	QueueID       string      `json:"queueId,omitempty"`
	Hostname      string      `json:"hostname,omitempty"`
	Simulated     bool        `json:"simulated,omitempty"`
	// Macros are the MTA's, by name without braces.
	Macros map[string]string `json:"macros,omitempty"`
}

// Recipient is one forward-path of an [Envelope].
type Recipient struct {
	// Raw is the argument of RCPT as the client gave it.
	Raw string `json:"raw"`
	// Path is the canonical address.
	Path string   `json:"path"`
	Args []string `json:"args,omitempty"`
}

// NewEnvelope takes over what the session said, with its recipients.
func NewEnvelope(e message.Envelope) Envelope {
	env := Envelope{
		ReversePath:   e.ReversePath.String(),
		MailArgs:      e.MailArgs,
		ClientAddr:    e.ClientAddr,
		ClientName:    e.ClientName,
		HELO:          e.HELO,
		TLSVersion:    e.TLSVersion,
		Authenticated: e.Authenticated,
		Listener:      e.Listener,
		QueueID:       e.QueueID,
		Hostname:      e.Hostname,
		Simulated:     e.Simulated,
		Macros:        e.Macros,
	}
	for _, r := range e.Recipients {
		env.Recipients = append(env.Recipients, Recipient{Raw: r.Raw, Path: r.Path.String(), Args: r.Args})
	}
	return env
}

// Session gives the envelope back as the session said it. It fails on a path
// that [NewEnvelope] could not have written.
func (e Envelope) Session() (message.Envelope, error) {
	from, err := message.ParsePath(e.ReversePath)
	if err != nil {
		return message.Envelope{}, fmt.Errorf("reverse-path %q: %w", e.ReversePath, err)
	}
	env := message.Envelope{
		ReversePath:   from,
		MailArgs:      e.MailArgs,
		ClientAddr:    e.ClientAddr,
		ClientName:    e.ClientName,
		HELO:          e.HELO,
		TLSVersion:    e.TLSVersion,
		Authenticated: e.Authenticated,
		Listener:      e.Listener,
		QueueID:       e.QueueID,
		Hostname:      e.Hostname,
		Simulated:     e.Simulated,
		Macros:        e.Macros,
	}
	for _, r := range e.Recipients {
		path, err := message.ParsePath(r.Path)
		if err != nil {
			return message.Envelope{}, fmt.Errorf("forward-path %q: %w", r.Path, err)
		}
		env.Recipients = append(env.Recipients, message.Recipient{Raw: r.Raw, Path: path, Args: r.Args})
	}
	return env, nil
}
