package actions

import (
	"bytes"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

// edited is the copy of a message for a fork: the header section as edited, what
// made it so, the body, and who gets it.
type edited struct {
	section
	removed  int             // reserved fields taken out
	body     []byte          // of a copy that is altered
	altered  bool            // the body is another than that of the message
	stripped []string        // names of the attachments taken out
	gone     map[string]bool // their places
	troubles []trouble
	final    []forward
}

// forward is one forward-path of a copy with its ESMTP arguments.
type forward struct {
	path message.Path
	args []string
}

// bytes renders the copy of a message with that body as a whole, with CRLF line ends
// in its header section: the twin of the modifications that an MTA is sent.
func (c *edited) bytes(body []byte) []byte {
	if c.altered {
		body = c.body
	}
	var b bytes.Buffer
	b.Grow(len(body) + 1024)
	for _, f := range c.fields {
		if f.Name != "" {
			b.WriteString(f.Name)
			b.WriteByte(':')
		}
		writeCRLF(&b, f.Value)
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// writeCRLF writes a value whose folds are LF or CRLF.
func writeCRLF(b *bytes.Buffer, v string) {
	for i, line := range strings.Split(v, "\n") {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(strings.TrimSuffix(line, "\r"))
	}
}

// deliveries makes the copies of one message: who gets more than one is seen
// here.
type deliveries struct {
	*editor
	// reached are the addresses that get a copy anyhow; each gets one.
	reached map[string]bool
}

// newDeliveries begins with the recipients of the forks that are delivered.
func newDeliveries(r *editor, forks []Fork) *deliveries {
	d := &deliveries{editor: r, reached: make(map[string]bool)}
	for _, f := range forks {
		if f.Route != Resubmitted && f.Route != InSession || redirects(f.Edits) {
			continue
		}
		for _, i := range f.Recipients {
			d.reached[r.m.Envelope.Recipients[i].Path.Key()] = true
		}
	}
	return d
}

// copy renders the copy of a fork. Addresses that another copy reaches are left
// out; a copy without recipients is not sent.
func (d *deliveries) copy(f *Fork) *edited {
	c, people := d.edit(f.Edits)
	redirected := redirects(people)
	if !redirected {
		own := make(map[string]bool)
		for _, i := range f.Recipients {
			r := d.m.Envelope.Recipients[i]
			if k := r.Path.Key(); !own[k] {
				own[k] = true
				c.final = append(c.final, forward{path: r.Path, args: r.Args})
			}
		}
	}
	for _, e := range people {
		p, err := message.ParsePath(e.Value)
		if err != nil {
			continue
		}
		if !d.reached[p.Key()] {
			d.reached[p.Key()] = true
			c.final = append(c.final, forward{path: p, args: d.addedArgs(e, f)})
		}
		if e.Action == addRecipients && e.Name != "bcc" {
			c.show(e.Name, p)
		}
	}
	for _, r := range c.final {
		f.FinalRecipients = append(f.FinalRecipients, r.path.String())
	}
	f.told(d.m, c)
	return c
}

// addedArgs are the ESMTP arguments of a recipient added to a fork. A blind copy
// asks for no delivery notification (RFC 3461, section 4.1): one would tell the
// sender of it. A redirect asks for that of a failure only: nobody else gets the
// message, so nobody else could tell that it is lost. It asks for none where the
// sender wished to hear nothing of anybody whom it stands for.
func (d *deliveries) addedArgs(e Edit, f *Fork) []string {
	never := []string{"NOTIFY=NEVER"}
	switch {
	case e.Action != redirect && e.Name != "bcc":
		return nil
	case e.Action != redirect:
		return never
	}
	for _, i := range f.Recipients {
		// Arguments that cannot be read count as not given.
		args, _ := dsn.ReadRcptArgs(d.m.Envelope.Recipients[i].Args)
		if args.Notify.Failure() {
			return []string{"NOTIFY=FAILURE"}
		}
	}
	return never
}

// modifications gives the changes that make the message at the MTA the copy of a
// fork: its header fields, then the recipients that others have, then those that
// are new, then its body: an MTA takes the pieces of a body only one behind the other.
func (c *edited) modifications(m *message.Message, f *Fork) []Modification {
	mods := c.mods
	stays := make(map[string]bool, len(c.final))
	for _, r := range c.final {
		stays[r.path.Key()] = true
	}
	there := make(map[string]bool)
	var others []message.Recipient
	broken := brokenGroups(m, f, stays)
	for i, r := range m.Envelope.Recipients {
		switch {
		case !r.Of.IsNull() && broken[r.Raw]:
			others = append(others, message.Recipient{Raw: r.Raw, Path: r.Of})
		case stays[r.Path.Key()] && slices.Contains(f.Recipients, i):
			there[r.Path.Key()] = true
		default:
			others = append(others, r)
		}
	}
	gone := make(map[string]bool)
	for _, r := range others {
		for _, spelt := range spellings(r, there) {
			if !gone[spelt] {
				gone[spelt] = true
				mods = append(mods, Modification{Kind: DeleteRecipient, Address: spelt})
			}
		}
	}
	for _, r := range c.final {
		if !there[r.path.Key()] {
			mods = append(mods, Modification{Kind: AddRecipient, Address: r.path.String(), Args: r.args})
		}
	}
	if c.altered {
		mods = append(mods, Modification{Kind: ReplaceBody, Body: c.body})
	}
	return mods
}

// brokenGroups gives the groups of which not all members go on with a fork, as the
// client wrote them. The others stay what they are: the MTA replaces them itself.
func brokenGroups(m *message.Message, f *Fork, stays map[string]bool) map[string]bool {
	broken := make(map[string]bool)
	for i, r := range m.Envelope.Recipients {
		if !r.Of.IsNull() && (!stays[r.Path.Key()] || !slices.Contains(f.Recipients, i)) {
			broken[r.Raw] = true
		}
	}
	return broken
}

// spellings are the names by which an MTA may know a recipient it is to delete: what
// the client wrote, and, where that says more than an address, the same without its
// source route, and the address that the MTA read in it. The latter are left out
// when somebody stays who has that address.
func spellings(r message.Recipient, there map[string]bool) []string {
	address := r.Path.String()
	written := strings.TrimSuffix(strings.TrimPrefix(r.Raw, "<"), ">")
	if strings.EqualFold(written, address) || there[r.Path.Key()] {
		return []string{r.Raw}
	}
	names := []string{r.Raw}
	if _, rest, routed := strings.Cut(written, ":"); routed && written[0] == '@' {
		names = append(names, "<"+rest+">")
	}
	return append(names, "<"+address+">")
}
