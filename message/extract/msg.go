package extract

import (
	"sort"
	"strconv"
	"strings"
)

var formatMSG = Format{
	Name:       "Outlook message",
	MediaTypes: []string{"application/vnd.ms-outlook"},
	Extensions: []string{"msg", "oft"},
	Properties: true,
	Nested:     true,
	Label:      true,
	rank:       byStructure,
	sniff:      isOLE(oleMessage),
	read:       readOLE(readMSG),
}

// msgHeads are the lengths of what stands before the properties of fixed size
// ([MS-OXMSG] section 2.4.1).
const msgHeadTop, msgHeadInner, msgHeadPart = 32, 24, 8

const (
	msgProperties = "__properties_version1.0"
	msgNames      = "__nameid_version1.0"
)

// readMSG reads a message, its recipients and its attachments ([MS-OXMSG]).
func readMSG(r *reader, f *cfb) {
	names := f.root.child(msgNames)
	m := mapiMessage{}
	head := msgHeadTop
	if fixed := f.root.stream(msgProperties); len(fixed)%16 == msgHeadInner%16 {
		head = msgHeadInner
	}
	readMSGProps(&m.mapiProps, f.root, head)
	m.findCodePage(cpWestern)
	resolveNames(&m.mapiProps, names)
	for _, c := range f.root.children {
		if c.storage && strings.HasPrefix(c.name, "__recip_version1.0_") && !r.expired() {
			p := mapiProps{cp: m.cp}
			readMSGProps(&p, c, msgHeadPart)
			m.recipients = append(m.recipients, p)
		}
	}
	m.write(r)
	for _, c := range f.root.children {
		if c.storage && strings.HasPrefix(c.name, "__attach_version1.0_") && !r.expired() {
			readMSGAttachment(r, c, names, m.cp)
		}
	}
}

// readMSGProps reads the properties of a storage: one a stream, and those of a
// fixed size in one stream together.
func readMSGProps(p *mapiProps, n *cfbNode, head int) {
	for _, c := range n.children {
		id, kind, ok := msgTag(c.name)
		if ok && !c.storage && kind&mapiMany == 0 {
			p.set(id, kind, c.data())
		}
	}
	fixed := n.stream(msgProperties)
	for at := head; at+16 <= len(fixed); at += 16 {
		kind, id := le16(fixed, at), le16(fixed, at+2)
		switch kind {
		case mapiShort, mapiLong, mapiBool, mapiTime, mapiDouble:
			p.set(id, kind, fixed[at+8:at+16])
		}
	}
}

// msgTag reads the property's number and type from the name of a stream.
func msgTag(name string) (id, kind int, ok bool) {
	tag, ok := strings.CutPrefix(name, "__substg1.0_")
	if !ok || len(tag) < 8 {
		return 0, 0, false
	}
	v, err := strconv.ParseUint(tag[:8], 16, 32)
	return int(v >> 16), int(v & 0xffff), err == nil
}

// resolveNames gives the named properties their names (section 2.2.3).
func resolveNames(p *mapiProps, n *cfbNode) {
	sets, entries, texts := n.stream("__substg1.0_00020102"), n.stream("__substg1.0_00030102"), n.stream("__substg1.0_00040102")
	var ids []int
	for id := range p.values {
		if id >= propFirstNamed {
			ids = append(ids, id)
		}
	}
	sort.Ints(ids)
	for _, id := range ids {
		at := 8 * (id - propFirstNamed)
		if at+8 > len(entries) {
			continue
		}
		named := mapiNamed{value: p.values[id], number: int(le32(entries, at))}
		switch set := le16(entries, at+4) >> 1; {
		case set == 2:
			named.set = "\x29\x03\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
		case set >= 3:
			named.set = string(within(sets, int64(16*(set-3)), 16))
		}
		if entries[at+4]&1 != 0 {
			offset := int64(named.number)
			named.name = utf16leText(within(texts, offset+4, int64(le32(texts, int(offset)))))
			named.number = 0
		}
		p.named = append(p.named, named)
	}
}

// readMSGAttachment reads a file, a message within, or an object of OLE.
func readMSGAttachment(r *reader, n, names *cfbNode, cp int) {
	p := mapiProps{cp: cp}
	readMSGProps(&p, n, msgHeadPart)
	list := p.attachmentNames()
	hint := Hint{Name: list[0], MediaType: p.text(propAttachMediaType)}
	const (
		inStorage = "__substg1.0_3701000D"
		byWeb     = 7
	)
	if in := n.child(inStorage); in != nil && in.storage {
		if in.kind() == oleMessage {
			var extra []*cfbNode
			if names != nil && in.child(msgNames) == nil {
				extra = append(extra, names)
			}
			if content := in.cfbFile(extra...); content != nil {
				r.member(Hint{Name: hint.Name}, content, list[1:]...)
			}
			return
		}
		if in.kind() == olePackage {
			before := len(r.doc.Members)
			r.oleObject(in)
			if len(r.doc.Members) > before {
				d := &r.doc.Members[before]
				d.Names = memberNames("", append(d.Names, list...))
			}
			return
		}
		if content := in.cfbFile(); content != nil {
			r.member(Hint{Name: hint.Name}, content, list[1:]...)
		}
		return
	}
	v, have := p.values[propAttachData]
	switch {
	case have:
		r.member(hint, v.data, list[1:]...)
	case p.number(propAttachMethod) == byWeb || p.first(propAttachPath, 0x3708) != "":
		// A file that stays elsewhere: where it is, is all there is.
		r.newLine()
		r.write(p.first(propAttachPath, 0x3708, propAttachLongName) + "\n")
	case len(n.children) > 0 && p.number(propAttachMethod) > 0:
		r.unreadMember(hint.Name, 0, Corrupt, "the attachment has no content")
	}
}
