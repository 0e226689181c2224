package extract

import (
	"bytes"
	"encoding/binary"
	"sort"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

// mapiValue is the value of a property ([MS-OXCDATA] section 2.11).
type mapiValue struct {
	kind int
	data []byte
}

// The types of properties.
const (
	mapiShort   = 0x0002
	mapiLong    = 0x0003
	mapiDouble  = 0x0005
	mapiBool    = 0x000b
	mapiObject  = 0x000d
	mapiString8 = 0x001e
	mapiString  = 0x001f
	mapiTime    = 0x0040
	mapiBinary  = 0x0102
	mapiMany    = 0x1000
)

// The properties that are read ([MS-OXPROPS]).
const (
	propSubject          = 0x0037
	propSubmitted        = 0x0039
	propSentForName      = 0x0042
	propSentForAddress   = 0x0065
	propTransportHeader  = 0x007d
	propSenderName       = 0x0c1a
	propSenderAddress    = 0x0c1f
	propRecipientKind    = 0x0c15
	propDisplayBCC       = 0x0e02
	propDisplayCC        = 0x0e03
	propDisplayTo        = 0x0e04
	propDelivered        = 0x0e06
	propBody             = 0x1000
	propRTF              = 0x1009
	propHTML             = 0x1013
	propDisplayName      = 0x3001
	propAddress          = 0x3003
	propAttachData       = 0x3701
	propAttachExtension  = 0x3703
	propAttachName       = 0x3704
	propAttachMethod     = 0x3705
	propAttachLongName   = 0x3707
	propAttachPath       = 0x370d
	propAttachMediaType  = 0x370e
	propSMTPAddress      = 0x39fe
	propFirstOfContacts  = 0x3a00
	propLastOfContacts   = 0x3a5f
	propInternetCodePage = 0x3fde
	propLocale           = 0x3ff1
	propMessageCodePage  = 0x3ffd
	propSenderSMTP       = 0x5d01
	propSentForSMTP      = 0x5d02
	propFirstNamed       = 0x8000
)

// mapiProps are the properties of a message, a recipient or an attachment.
type mapiProps struct {
	values map[int]mapiValue
	named  []mapiNamed
	cp     int // of strings of single octets
}

// mapiNamed is a property that has a name or a number within a set of its own.
type mapiNamed struct {
	set    string // identifier of the set, as octets
	name   string
	number int
	value  mapiValue
}

func (p *mapiProps) set(id, kind int, data []byte) {
	const most = 5000
	if p.values == nil {
		p.values = map[int]mapiValue{}
	}
	// A string in Unicode is better than the same in single octets.
	if have, set := p.values[id]; set && have.kind == mapiString && kind == mapiString8 || len(p.values) > most {
		return
	}
	p.values[id] = mapiValue{kind, data}
}

// text gives a property as people read it; empty for none.
func (p *mapiProps) text(id int) string {
	v, have := p.values[id]
	if !have {
		return ""
	}
	return v.text(p.cp)
}

func (v mapiValue) text(cp int) string {
	switch v.kind {
	case mapiString:
		return strings.TrimRight(utf16leText(v.data), "\x00")
	case mapiString8:
		return strings.TrimRight(codePageText(v.data, cp), "\x00")
	case mapiShort:
		return strconv.Itoa(int(int16(le16(v.data, 0))))
	case mapiLong:
		return strconv.Itoa(int(int32(le32(v.data, 0))))
	case mapiBool:
		return strconv.FormatBool(le16(v.data, 0) != 0)
	case mapiDouble:
		if f := float64At(v.data, 0); f-f == 0 {
			return string(appendGeneral(nil, f))
		}
	case mapiTime:
		if len(v.data) >= 8 {
			return fileTime(binary.LittleEndian.Uint64(v.data))
		}
	}
	return ""
}

func (p *mapiProps) number(id int) int { return int(int32(le32(p.values[id].data, 0))) }

func (p *mapiProps) first(ids ...int) string {
	for _, id := range ids {
		if s := strings.TrimSpace(p.text(id)); s != "" {
			return s
		}
	}
	return ""
}

// findCodePage sets the code page by what the message says of itself.
func (p *mapiProps) findCodePage(otherwise int) {
	p.cp = otherwise
	for _, id := range [...]int{propMessageCodePage, propInternetCodePage} {
		cp := p.number(id)
		_, single := singleByte[cp]
		_, double := doubleByte[cp]
		if single || double || cp == cpUTF8 {
			p.cp = cp
			return
		}
	}
	if lcid := p.number(propLocale); lcid != 0 {
		p.cp = codePageOfLanguage(lcid)
	}
}

// mapiMessage is a message of Outlook, from a .msg file or from TNEF.
type mapiMessage struct {
	mapiProps
	recipients []mapiProps
}

// write writes the fields of the header that mail readers show, and those of
// appointments, contacts and tasks; the forms of the body become members.
func (m *mapiMessage) write(r *reader) {
	line := func(name, value string) {
		if value = oneLine(strings.TrimSpace(value)); value != "" {
			r.write(name + ": " + value + "\n")
		}
	}
	subject := m.first(propSubject)
	line("Subject", subject)
	r.property("Subject", subject)
	sender := address(m.first(propSenderName), m.first(propSenderSMTP, propSenderAddress))
	sentFor := address(m.first(propSentForName), m.first(propSentForSMTP, propSentForAddress))
	if sender == "" {
		sender, sentFor = sentFor, ""
	}
	line("From", sender)
	r.property("Author", m.first(propSenderName, propSentForName))
	if sentFor != sender {
		line("On behalf of", sentFor)
	}
	for i, name := range [...]string{"To", "Cc", "Bcc"} {
		line(name, m.addressees(i+1, [...]int{propDisplayTo, propDisplayCC, propDisplayBCC}[i]))
	}
	line("Date", m.first(propSubmitted, propDelivered))
	m.writeFields(r)
	m.writeHeader(r)
	m.bodies(r)
}

// writeHeader writes what the header section as it was sent says otherwise.
func (m *mapiMessage) writeHeader(r *reader) {
	head := strings.TrimSpace(m.text(propTransportHeader))
	if head == "" || r.expired() {
		return
	}
	in := &reader{ctx: r.ctx, content: []byte(head + "\r\n\r\n"), lim: r.lim, formats: r.formats, left: r.left, depth: r.depth}
	in.doc.Status = Complete
	readMail(in)
	have := "\n" + r.out.String()
	for said := range strings.SplitSeq(in.out.String(), "\n") {
		plain := strings.ReplaceAll(said, `"`, "")
		if said != "" && !strings.HasPrefix(said, "Date: ") && !strings.Contains(have, "\n"+plain+"\n") {
			r.write(said + "\n")
		}
	}
}

// address joins the name and the address of somebody.
func address(name, at string) string {
	name, at = strings.Trim(name, "' "), strings.TrimSpace(at)
	if strings.HasPrefix(at, "/") {
		at = "" // one of the directory of Exchange
	}
	switch {
	case at == "" || strings.EqualFold(name, at):
		return name
	case name == "":
		return at
	}
	return name + " <" + at + ">"
}

// addressees gives the recipients of a kind: 1 To, 2 Cc, 3 Bcc.
func (m *mapiMessage) addressees(kind, display int) string {
	var list []string
	for i := range m.recipients {
		p := &m.recipients[i]
		if k := p.number(propRecipientKind); k&15 == kind || k == 0 && kind == 1 {
			if a := address(p.first(propDisplayName, 0x5ff6), p.first(propSMTPAddress, propAddress)); a != "" {
				list = append(list, a)
			}
		}
	}
	if len(list) == 0 {
		return m.first(display)
	}
	return strings.Join(list, "; ")
}

// writeFields writes what contacts, appointments and tasks hold.
func (m *mapiMessage) writeFields(r *reader) {
	var ids []int
	for id := range m.values {
		if id >= propFirstOfContacts && id <= propLastOfContacts {
			ids = append(ids, id)
		}
	}
	sort.Ints(ids)
	for _, id := range ids {
		if k := m.values[id].kind; k == mapiString || k == mapiString8 {
			if s := strings.TrimSpace(m.text(id)); s != "" && !strings.HasPrefix(s, "/o=") {
				r.write(oneLine(s) + "\n")
			}
		}
	}
	seen := map[string]bool{}
	for _, n := range m.named {
		s := strings.TrimSpace(n.value.text(m.cp))
		if n.name != "" && s != "" {
			r.property(n.name, s)
			if strings.EqualFold(n.name, "msip_labels") {
				r.doc.Labels = append(r.doc.Labels, LabelsOfField(s)...)
			}
		}
		if s == "" || seen[s] || !n.shown() {
			continue
		}
		seen[s] = true
		if n.name != "" {
			s = n.name + ": " + s
		}
		r.write(oneLine(s) + "\n")
	}
}

// shown tells the named properties that forms of Outlook show: those of
// appointments, tasks, contacts, meetings and the journal, and those that users
// made ([MS-OXPROPS] section 1.3.2).
func (n *mapiNamed) shown() bool {
	const (
		office = "\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" // end of the identifiers of Office
		public = "\x29\x03\x02\x00" + office
		common = "\x08\x20\x06\x00" + office
	)
	text := n.value.kind == mapiString || n.value.kind == mapiString8
	switch {
	case n.name != "":
		return n.set == public && text && !strings.HasPrefix(n.name, "http")
	case n.set == common:
		return text && (n.number == 0x8539 || n.number == 0x853a)
	case !text:
		return n.value.kind == mapiTime && isDay(n.number)
	case strings.HasSuffix(n.set, office) && len(n.set) == 16:
		return n.set[1:4] == "\x20\x06\x00"
	}
	return strings.HasPrefix(n.set, "\x90\xda\xd8\x6e") // meetings
}

// isDay tells those that say when an appointment or a task begins and ends.
func isDay(n int) bool {
	switch n {
	case 0x820d, 0x820e, 0x8104, 0x8105, 0x80de:
		return true
	}
	return false
}

// bodies keeps the forms of the body as members, as those of a message in MIME
// are. One that says the same as another is left out.
func (m *mapiMessage) bodies(r *reader) {
	var said []string
	keep := func(hint Hint, content []byte) {
		if len(bytes.TrimSpace(content)) == 0 {
			return
		}
		n := len(r.doc.Members)
		r.member(hint, content)
		if len(r.doc.Members) == n {
			return
		}
		d := &r.doc.Members[n]
		plain := strings.Join(strings.Fields(d.Text), " ")
		for _, s := range said {
			if s == plain && d.Status == Complete && len(d.Members) == 0 && len(d.Defects) == 0 {
				r.doc.Members = r.doc.Members[:n]
				r.left.text += d.Characters
				return
			}
		}
		said = append(said, plain)
	}
	if body := m.text(propBody); body != "" {
		keep(Hint{MediaType: "text/plain", Charset: "utf-8"}, []byte(body))
	}
	if v, have := m.values[propHTML]; have {
		if v.kind == mapiBinary {
			label := ""
			if cp := m.number(propInternetCodePage); cp > 0 {
				if cp == cpUTF8 {
					label = "utf-8"
				} else if label = "windows-" + strconv.Itoa(cp); !charset.Known(label) {
					keep(Hint{MediaType: "text/html", Charset: "utf-8"}, []byte(codePageText(v.data, cp)))
					label, v.data = "", nil
				}
			}
			keep(Hint{MediaType: "text/html", Charset: label}, v.data)
		} else {
			keep(Hint{MediaType: "text/html", Charset: "utf-8"}, []byte(v.text(m.cp)))
		}
	}
	if v, have := m.values[propRTF]; have {
		if rtf := r.unpackRTF(v.data); rtf != nil {
			keep(Hint{MediaType: "text/rtf"}, rtf)
		}
	}
}

// attachmentNames gives the names of an attachment, the likeliest first.
func (p *mapiProps) attachmentNames() []string {
	var names []string
	for _, id := range [...]int{propAttachLongName, propDisplayName, propAttachName} {
		if s := strings.TrimSpace(p.text(id)); s != "" {
			names = append(names, s)
		}
	}
	if len(names) == 0 {
		if ext := p.text(propAttachExtension); ext != "" {
			names = append(names, "attachment"+ext)
		}
	}
	if path := p.first(propAttachPath, 0x3708); path != "" {
		names = append(names, packageNames(path)[0])
	}
	return append(names, "")
}
