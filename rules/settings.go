package rules

import (
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/strictyaml"
)

// Location says which addresses of a message name its sender
// (SenderAddressLocation). The person who logged in is one of them always.
type Location string

// The locations.
const (
	InHeader           Location = "header"   // the header field From
	InEnvelope         Location = "envelope" // the reverse-path
	InHeaderOrEnvelope Location = "headerOrEnvelope"
)

// Settings choose among behaviours of conditions where the documents of Exchange
// contradict each other, and say where to find what a message does not hold. The
// zero value is that of a postern.yaml that says nothing.
type Settings struct {
	// SenderAddressLocation is that of rules that name none; empty is
	// InHeaderOrEnvelope.
	SenderAddressLocation Location
	// SenderAndReplyTo makes the fields Sender and Reply-To name senders beside From.
	SenderAndReplyTo bool
	// Subdomains makes every domain stand for its subdomains too.
	Subdomains bool
	// ScopeByAddress makes fromScope look at addresses alone where it is a condition:
	// whoever writes an address of yours is inside, in any session.
	ScopeByAddress bool
	// SizesOver makes conditions on sizes hold above the size only, not at it.
	SizesOver bool
	// SCLField is the header field with the spam confidence level, for spam filters
	// that do not write one of Exchange's; empty for those.
	SCLField string
	// ListAttribute is the attribute that holds a person's list of allowed and
	// rejected correspondents; empty when there is none.
	ListAttribute string
	// Partners are the domains of partners, in lower case; one that begins with "."
	// or "*." stands for all subdomains.
	Partners []string
	// Risk says how the risk of a person is known; nil when it is not.
	Risk *Risk
}

// ReadSettings reads the mapping `conditions` of postern.yaml into s. Mistakes are
// recorded in r.
func (s *Settings) ReadSettings(r *strictyaml.Reader, n *strictyaml.Node, field string) {
	m := r.Mapping(n, field, "fromScope", "listAttribute", "sclField", "senderAddressLocation", "senderFields", "sizes", "subdomains")
	for _, e := range m.Entries() {
		either := func(usual, other string) bool {
			word, ok := r.OneOf(e.Value, e.Field, usual, other)
			return ok && word == other
		}
		switch e.Key {
		case "fromScope":
			s.ScopeByAddress = either("session", "address")
		case "listAttribute":
			s.ListAttribute = readAttribute(r, e)
		case "sclField":
			name, ok := r.Text(e.Value, e.Field)
			if ok && !validFieldName(name) {
				r.Errorf(e.Value, e.Field, "write a name as `X-Spam-SCL`", "%q is not the name of a header field", name)
				continue
			}
			s.SCLField = name
		case "senderAddressLocation":
			s.SenderAddressLocation = readLocation(r, e)
		case "senderFields":
			s.SenderAndReplyTo = either("from", "fromSenderReplyTo")
		case "sizes":
			s.SizesOver = either("atLeast", "over")
		case "subdomains":
			s.Subdomains = either("exact", "include")
		}
	}
}

func readLocation(r *strictyaml.Reader, e strictyaml.Entry) Location {
	word, _ := r.OneOf(e.Value, e.Field, string(InHeader), string(InEnvelope), string(InHeaderOrEnvelope))
	return Location(word)
}

// readAttribute reads the name of an attribute of people, in either spelling.
func readAttribute(r *strictyaml.Reader, e strictyaml.Entry) string {
	text, ok := r.Text(e.Value, e.Field)
	if !ok {
		return ""
	}
	name, _ := attributeName(r, e.Value, e.Field, text)
	return name
}

// attributeName gives the name an attribute is kept under.
func attributeName(r *strictyaml.Reader, n *strictyaml.Node, field, text string) (string, bool) {
	text = strings.TrimSpace(text)
	name, ok := directory.AttributeName(text)
	if ok {
		return name, true
	}
	write := "write the name of an attribute, as in `Department` or `CustomAttribute1`"
	if near := directory.ClosestAttribute(text); near != "" {
		write = "did you mean `" + near + "`?"
	}
	r.Errorf(n, field, write, "unknown attribute %q", text)
	return "", false
}
