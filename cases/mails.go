package cases

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/quarantine"
)

// compareTold compares the mail that rules ask for: what is planned, what is not
// sent, and what is written.
func (c *Case) compareTold(d *comparison, dec *actions.Decision, commit *quarantine.Commit) {
	told, untold := []string{}, []string{}
	for _, f := range dec.Forks {
		for _, p := range f.Notices {
			if p.Kind == notice.KindNotification || p.Kind == notice.KindRecipient {
				told = append(told, plannedLine(p))
			}
		}
	}
	for _, u := range dec.Untold {
		untold = append(untold, plannedLine(u.Planned)+": "+string(u.Reason))
	}
	d.list("told", told, append([]string{}, c.want.told...))
	d.list("not told", untold, append([]string{}, c.want.notTold...))
	if c.want.mails == nil {
		return
	}
	blobs := make(map[string][]byte)
	for _, b := range commit.Blobs {
		blobs[b.ID] = b.Data
	}
	n := 0
	for _, e := range commit.Entries {
		if e.Kind != quarantine.EntryNotice {
			continue
		}
		if n < len(c.want.mails) {
			c.want.mails[n].compare(d, fmt.Sprint("mail ", n), &e, blobs[e.Blob])
		}
		n++
	}
	d.is("mails", n, len(c.want.mails))
}

// plannedLine says who is told by which rule.
func plannedLine(p actions.Planned) string {
	var to []string
	for _, a := range p.To {
		to = append(to, a.String())
	}
	line := string(p.Kind) + " to " + orNothing(strings.Join(to, " "))
	if p.Role != "" {
		line += " as " + string(p.Role)
	}
	if p.Rule != nil {
		line += " by " + ruleName(p.Rule)
	}
	if p.Simulated {
		line += ", simulated"
	}
	return line
}

var tags = regexp.MustCompile("(?s)<style.*?</style>|<[^>]*>")

// inlineTags stand within words and lines.
var inlineTags = regexp.MustCompile(`</?(?:a|b|em|i|span|strong|u)(?:\s[^>]*)?>`)

func (w *wantMail) compare(d *comparison, name string, e *quarantine.Entry, content []byte) {
	var to []string
	for _, r := range e.Recipients {
		to = append(to, r.Address)
	}
	d.is(name+" to", strings.Join(to, " "), w.to)
	m, err := message.Read(message.Envelope{}, strings.NewReader(string(content)), nil, message.DefaultLimits)
	if err != nil {
		d.is(name, err.Error(), "a message")
		return
	}
	defer m.Close()
	for field, want := range map[string]string{"From": w.from, "Subject": w.subject} {
		if f, _ := m.Header.Get(field); want != "" {
			d.is(name+" "+field, f.Text(), want)
		}
	}
	var attached []string
	texts := 0
	for p := range m.Attachments() {
		attached = append(attached, p.MediaType)
	}
	for p := range m.Leaves() {
		if !p.IsBody() || p.MediaType != "text/plain" && p.MediaType != "text/html" {
			continue
		}
		data, err := p.Content()
		if err != nil {
			d.is(name, err.Error(), "a text")
			continue
		}
		texts++
		text := string(data)
		if p.MediaType == "text/html" {
			text = html.UnescapeString(tags.ReplaceAllString(inlineTags.ReplaceAllString(text, ""), " "))
		}
		text = strings.Join(strings.Fields(text), " ")
		for _, part := range w.contains {
			d.has(name+" "+p.MediaType, text, part)
		}
	}
	d.is(name+" attached", strings.Join(slices.Compact(attached), " "), w.attached)
	if texts == 0 {
		d.is(name, "no text", "a text")
	}
	for _, part := range w.absent {
		if strings.Contains(string(content), part) {
			d.is(name, "a mail with "+part, "one without")
		}
	}
}
