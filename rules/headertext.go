package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
)

// headerName names the content that header fields and their parameters make.
const headerName = "header"

// traces are fields that programs write for programs; people put nothing in them
// that others are shown. The Subject is a content of its own.
var traces = map[string]bool{
	"arc-authentication-results": true, "arc-message-signature": true, "arc-seal": true, "authentication-results": true,
	"content-disposition": true, "content-id": true, "content-length": true, "content-transfer-encoding": true, "content-type": true,
	"date": true, "dkim-signature": true, "domainkey-signature": true, "in-reply-to": true, "message-id": true, "mime-version": true,
	"received": true, "received-spf": true, "references": true, "return-path": true, "subject": true, "x-received": true,
}

// machinery are parameters that say how to read a part. File names are content of
// the part they name.
var machinery = map[string]bool{
	"boundary": true, "charset": true, "delsp": true, "filename": true, "format": true, "micalg": true, "name": true, "number": true,
	"protocol": true, "report-type": true, "size": true, "smime-type": true, "start": true, "total": true, "type": true,
}

// headerText gives the fields that people write and read, of the message and of
// every part and message in it, a line each: what is hidden in them is as good as
// in the text.
func headerText(m *message.Message) string {
	var b strings.Builder
	seen := make(map[*message.Field]bool)
	var part func(p *message.Part)
	part = func(p *message.Part) {
		// A part that is read in several ways has its fields once.
		if len(p.Header) > 0 {
			if seen[&p.Header[0]] {
				return
			}
			seen[&p.Header[0]] = true
		}
		for _, f := range p.Header {
			if f.Name != "" && !traces[strings.ToLower(f.Name)] {
				b.WriteString(f.Name + ": " + f.Text() + "\n")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(p.Params)) {
			if !machinery[name] {
				b.WriteString(name + ": " + p.Params[name] + "\n")
			}
		}
		for _, c := range p.Children {
			part(c)
		}
	}
	part(m.Root)
	return b.String()
}
