package extract

import (
	"bytes"
	"strings"
)

var formatTNEF = Format{
	Name:       "TNEF",
	MediaTypes: []string{"application/ms-tnef", "application/vnd.ms-tnef"},
	Extensions: []string{"dat", "tnef"},
	Properties: true,
	Nested:     true,
	Label:      true,
	rank:       bySignature,
	sniff:      func(r *reader) bool { return bytes.HasPrefix(r.content, tnefMagic) },
	read:       readTNEF,
}

var tnefMagic = []byte("\x78\x9f\x3e\x22")

// The attributes of TNEF ([MS-OXTNEF] section 2.1.3.3).
const (
	tnefFrom           = 0x8000
	tnefSubject        = 0x8004
	tnefDateSent       = 0x8005
	tnefBody           = 0x800c
	tnefAttachData     = 0x800f
	tnefAttachTitle    = 0x8010
	tnefAttachName     = 0x9001
	tnefAttachBegin    = 0x9002
	tnefMessageProps   = 0x9003
	tnefRecipients     = 0x9004
	tnefAttachProps    = 0x9005
	tnefCodePage       = 0x9007
	tnefAttachmentPart = 2
)

// tnefAttachment collects what several attributes say of a file.
type tnefAttachment struct {
	mapiProps
	title, name string
	data        []byte
	whole       bool // the data is not cut off
}

type tnefReader struct {
	*reader
	message mapiMessage
	files   []*tnefAttachment
	cp      int
	damaged bool
}

// readTNEF reads a message that Outlook put in an attachment.
func readTNEF(r *reader) {
	x := tnefReader{reader: r, cp: cpWestern}
	x.attributes(r.content[min(6, len(r.content)):])
	x.message.findCodePage(x.cp)
	x.message.write(r)
	for _, f := range x.files {
		x.file(f)
	}
	if x.damaged {
		r.fail(Corrupt, "a damaged TNEF file")
	}
}

// attributes goes over the attributes: level, name, type, length, data and a check
// sum, which readers do not agree to look at.
func (x *tnefReader) attributes(b []byte) {
	for len(b) > 0 && !x.expired() {
		if len(b) < 9 {
			// A few octets behind the end are common.
			x.damaged = x.damaged || len(bytes.Trim(b, "\x00\r\n")) > 0
			return
		}
		level, id, size := b[0], le16(b, 1), int64(le32(b, 5))
		data := within(b, 9, size)
		whole := int64(len(data)) == size
		if level != 1 && level != tnefAttachmentPart {
			x.damaged = true
			return
		}
		x.attribute(level, id, data, whole)
		if !whole {
			x.damaged = true
			return
		}
		b = b[min(9+size+2, int64(len(b))):]
	}
}

// last gives the file that the attributes are about; some files tell their data
// before anything else.
func (x *tnefReader) last() *tnefAttachment {
	if len(x.files) == 0 {
		x.files = append(x.files, &tnefAttachment{whole: true})
	}
	return x.files[len(x.files)-1]
}

func (x *tnefReader) attribute(level byte, id int, data []byte, whole bool) {
	text := func() []byte { return bytes.TrimRight(data, "\x00") }
	const mostFiles = 100_000
	switch id {
	case tnefCodePage:
		if cp := int(le32(data, 0)); cp != 0 {
			x.cp = cp
		}
	case tnefSubject:
		x.message.set(propSubject, mapiString8, text())
	case tnefFrom:
		// Name and address behind a head that tells their lengths.
		if len(data) > 8 {
			name := untilZero(data[8:])
			x.message.set(propSenderName, mapiString8, name)
			rest := data[min(8+len(name)+1, len(data)):]
			x.message.set(propSenderAddress, mapiString8, untilZero(bytes.TrimPrefix(rest, []byte("SMTP:"))))
		}
	case tnefBody:
		x.message.set(propBody, mapiString8, text())
	case tnefMessageProps:
		x.damaged = !x.props(&x.message.mapiProps, data) || x.damaged
	case tnefRecipients:
		rows := le32(data, 0)
		rest := data[min(4, len(data)):]
		for ; rows > 0 && len(rest) > 4 && !x.expired(); rows-- {
			p := mapiProps{cp: x.cp}
			var ok bool
			if rest, ok = x.propertyList(&p, rest); !ok {
				x.damaged = true
				break
			}
			x.message.recipients = append(x.message.recipients, p)
		}
	case tnefAttachBegin:
		if len(x.files) < mostFiles {
			x.files = append(x.files, &tnefAttachment{whole: true})
		}
	case tnefAttachTitle:
		if f := x.last(); f.title == "" {
			f.title = codePageText(text(), x.cp)
		}
	case tnefAttachName:
		x.last().name = codePageText(text(), x.cp)
	case tnefAttachData:
		f := x.last()
		if f.data != nil {
			f = &tnefAttachment{}
			x.files = append(x.files, f)
		}
		f.data, f.whole = data, whole
	case tnefAttachProps:
		x.damaged = !x.props(&x.last().mapiProps, data) || x.damaged
	}
}

// props reads a list of properties that fills an attribute.
func (x *tnefReader) props(p *mapiProps, data []byte) bool {
	p.cp = x.cp
	_, ok := x.propertyList(p, data)
	return ok
}

// propertyList reads properties (section 2.1.3.4) and gives what follows them.
func (x *tnefReader) propertyList(p *mapiProps, b []byte) (rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	count := le32(b, 0)
	b = b[4:]
	for ; count > 0; count-- {
		if len(b) < 4 || x.expired() {
			return nil, false
		}
		kind, id := le16(b, 0), le16(b, 2)
		b = b[4:]
		named := mapiNamed{}
		if id >= propFirstNamed {
			if len(b) < 24 {
				return nil, false
			}
			named.set = string(b[:16])
			if le32(b, 16) == 0 {
				named.number = int(le32(b, 20))
				b = b[24:]
			} else {
				size := int64(le32(b, 20))
				named.name = strings.TrimRight(utf16leText(within(b, 24, size)), "\x00")
				if size = 24 + (size+3)&^3; size > int64(len(b)) {
					return nil, false
				}
				b = b[size:]
			}
		}
		values, left, fine := propertyValues(kind, b)
		for _, v := range values {
			p.set(id, kind&^mapiMany, v)
			if id >= propFirstNamed && len(p.named) < 5000 {
				named.value = mapiValue{kind &^ mapiMany, v}
				p.named = append(p.named, named)
			}
		}
		if !fine {
			return nil, false
		}
		b = left
	}
	return b, true
}

// propertyValues reads the values of a property, each filled up to a multiple of
// four octets.
func propertyValues(kind int, b []byte) (values [][]byte, rest []byte, ok bool) {
	size, count, variable := int64(4), uint32(1), false
	switch kind &^ mapiMany {
	case mapiString8, mapiString, mapiBinary, mapiObject:
		variable = true
	case mapiDouble, mapiTime, 0x0006, 0x0007, 0x0014:
		size = 8
	case 0x0048:
		size = 16
	case mapiShort, mapiLong, mapiBool, 0x0004, 0x000a, 0x0001:
	default:
		return nil, nil, false
	}
	if variable || kind&mapiMany != 0 {
		if len(b) < 4 {
			return nil, nil, false
		}
		count = le32(b, 0)
		b = b[4:]
	}
	for ; count > 0; count-- {
		if variable {
			if len(b) < 4 {
				return values, nil, false
			}
			size = int64(le32(b, 0))
			b = b[4:]
		}
		v := within(b, 0, size)
		values = append(values, v)
		if int64(len(v)) < size {
			return values, nil, false
		}
		b = b[min((size+3)&^3, int64(len(b))):]
	}
	return values, b, true
}

// file keeps an attachment as a member: the file, a message within, or an object
// of OLE.
func (x *tnefReader) file(f *tnefAttachment) {
	f.cp = x.message.cp
	names := f.attachmentNames()
	if names[0] == "" {
		names = nil
	}
	names = append(names, f.title, f.name, "")
	content, method := f.data, f.number(propAttachMethod)
	const (
		embedded = 5
		ole      = 6
	)
	if v, have := f.values[propAttachData]; have && (v.kind == mapiObject || len(content) == 0 || method == embedded) {
		content = v.data
		if v.kind == mapiObject && len(content) >= 16 {
			content = content[16:] // the interface that the object has
		}
	}
	if len(content) == 0 && len(f.values) == 0 && f.title == "" {
		return
	}
	hint := Hint{Name: names[0], MediaType: f.text(propAttachMediaType)}
	s, detail := Complete, ""
	if !f.whole {
		s, detail = Corrupt, "the attachment is cut off"
	}
	if method == ole && !bytes.HasPrefix(content, oleMagic) {
		before := len(x.doc.Members)
		if x.oleOne(content); len(x.doc.Members) > before {
			return
		}
	}
	x.partMember(s, detail, hint, content, names[1:]...)
}
