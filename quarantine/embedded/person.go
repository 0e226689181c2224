package embedded

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
)

// person is somebody who is looked for in texts.
type person struct {
	key   string // of the address, or the login
	text  string // in lower case
	plain []byte // stands in every JSON text that names the person; empty when that cannot be said
}

func newPerson(name string) (person, error) {
	p := person{text: strings.ToLower(strings.TrimSpace(name))}
	path, err := message.ParsePath(p.text)
	if err != nil || path.IsNull() {
		return p, errPerson
	}
	p.key, p.text = path.Key(), strings.ToLower(path.String())
	local := strings.ToLower(path.Local())
	if strings.Trim(local, "abcdefghijklmnopqrstuvwxyz0123456789._-") == "" {
		p.plain = []byte(local)
	}
	return p, nil
}

// maybe tells whether JSON may name the person; it is quick.
func (p *person) maybe(raw []byte) bool {
	return len(p.plain) == 0 || bytes.Contains(bytes.ToLower(raw), p.plain)
}

// is tells whether a text is the person's address or login.
func (p *person) is(text string) bool {
	if strings.EqualFold(text, p.text) {
		return true
	}
	path, err := message.ParsePath(text)
	return err == nil && !path.IsNull() && path.Key() == p.key
}

// inText tells whether a text names the person: by the address or login alone, or by
// the address among other words.
func (p *person) inText(text string) bool {
	if text == "" {
		return false
	}
	if p.is(text) {
		return true
	}
	if !strings.Contains(p.key, "@") || !strings.Contains(text, "@") {
		return false
	}
	if strings.HasPrefix(p.text, `"`) && strings.Contains(strings.ToLower(text), p.text) {
		return true
	}
	for word := range strings.FieldsFuncSeq(text, between) {
		// An address may follow a word and a sign, as in rfc822;a@b or to=a@b.
		word = strings.Trim(word, ".'")
		for word != "" {
			if strings.Contains(word, "@") && p.is(word) {
				return true
			}
			i := strings.IndexAny(word, "=/!|")
			if i < 0 {
				break
			}
			word = word[i+1:]
		}
	}
	return false
}

// between tells what no address without quotes holds.
func between(r rune) bool {
	return r <= ' ' || r == 0x7f || r == 0xa0 || strings.ContainsRune(`()<>[]:;,"\`, r)
}

// inJSON tells whether any text of a JSON value names the person.
func (p *person) inJSON(raw []byte) bool {
	if len(raw) == 0 || !p.maybe(raw) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if text, ok := t.(string); ok && p.inText(text) {
			return true
		}
	}
}

// inEnvelope tells how an envelope names the person; empty when it does not.
func (p *person) inEnvelope(e *quarantine.Envelope) string {
	if p.inText(e.ReversePath) || e.Authenticated != "" && p.is(e.Authenticated) {
		return quarantine.AsSender
	}
	for _, r := range e.Recipients {
		if p.inText(r.Path) || p.inText(r.Raw) || p.inTexts(r.Args) {
			return quarantine.AsRecipient
		}
	}
	if p.inTexts(e.MailArgs) {
		return quarantine.AsMentioned
	}
	for _, v := range e.Macros {
		if p.inText(v) {
			return quarantine.AsMentioned
		}
	}
	return ""
}

func (p *person) inTexts(list []string) bool {
	for _, text := range list {
		if p.inText(text) {
			return true
		}
	}
	return false
}

// inItem tells how an item names the person; empty when it does not.
func (p *person) inItem(i *quarantine.Item) string {
	if as := p.inEnvelope(&i.Envelope); as != "" {
		return as
	}
	for _, raw := range []json.RawMessage{i.Draft, i.Matches, i.Remaining, i.Reports} {
		if p.inJSON(raw) {
			return quarantine.AsMentioned
		}
	}
	if p.inTexts([]string{i.Reason, i.Decided.By, i.Decided.Justification}) {
		return quarantine.AsMentioned
	}
	return ""
}

// inEntry tells how an entry names the person; empty when it does not.
func (p *person) inEntry(e *quarantine.Entry) string {
	if p.inText(e.ReversePath) {
		return quarantine.AsSender
	}
	for _, r := range e.Recipients {
		if p.inText(r.Address) || p.inTexts(r.Args) || p.inText(r.Reply) {
			return quarantine.AsRecipient
		}
	}
	if p.inTexts(e.MailArgs) || p.inText(e.Trace) || p.inJSON(e.Data) {
		return quarantine.AsMentioned
	}
	return ""
}

// inFingerprint tells whether a fingerprint names the person.
func (p *person) inFingerprint(f *quarantine.Fingerprint) bool {
	return p.inJSON(f.Data) || p.inText(f.MessageID)
}

// texts tells how the texts of a record name the person; empty when they do not.
func (p *person) inRecord(r *sealed, places []string, privacy func(string) quarantine.Privacy) string {
	as := ""
	for i := range r.texts {
		t := &r.texts[i]
		if t.raw == nil || !p.inJSON(t.raw) {
			continue
		}
		switch privacyOf(privacy, places, i) {
		case quarantine.Sender:
			return quarantine.AsSender
		case quarantine.Person:
			as = quarantine.AsRecipient
		default:
			if as == "" {
				as = quarantine.AsMentioned
			}
		}
	}
	return as
}

func privacyOf(privacy func(string) quarantine.Privacy, places []string, i int) quarantine.Privacy {
	if privacy == nil || i >= len(places) {
		return quarantine.Content
	}
	return privacy(places[i])
}

// blankItem erases the person from an item that has ended. What the rules found and
// would have done is of no more use, and goes.
func (p *person) blankItem(i *quarantine.Item, sender bool) {
	e := &i.Envelope
	if sender {
		*e = quarantine.Envelope{ReversePath: quarantine.ErasedText, Recipients: e.Recipients, QueueID: e.QueueID, Hostname: e.Hostname, Listener: e.Listener}
	}
	e.MailArgs, e.Macros = nil, nil
	for n := range e.Recipients {
		if r := &e.Recipients[n]; p.inText(r.Path) || p.inText(r.Raw) || p.inTexts(r.Args) {
			*r = quarantine.Recipient{Raw: "<" + quarantine.ErasedText + ">", Path: quarantine.ErasedText}
		}
	}
	i.Draft, i.Matches, i.Remaining, i.Reports = nil, nil, nil, nil
	if sender || p.inText(i.Reason) {
		i.Reason = quarantine.ErasedText
	}
	if p.inText(i.Decided.By) {
		i.Decided.By = quarantine.ErasedText
	}
	if sender || p.inText(i.Decided.Justification) {
		i.Decided.Justification = ""
	}
}

// blankEntry erases the person from an entry that is done.
func (p *person) blankEntry(e *quarantine.Entry) {
	if p.inText(e.ReversePath) {
		e.ReversePath = quarantine.ErasedText
	}
	for n := range e.Recipients {
		if r := &e.Recipients[n]; p.inText(r.Address) || p.inTexts(r.Args) || p.inText(r.Reply) {
			r.Address, r.Args, r.Reply = quarantine.ErasedText, nil, ""
		}
	}
	e.MailArgs, e.Trace = nil, ""
	if p.inJSON(e.Data) {
		e.Data = nil
	}
}
