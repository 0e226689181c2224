package message

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

// walker makes the tree of parts of a body.
type walker struct {
	msg     *Message
	members int
	notes   []note
	err     error // memory and disk are used up
	// work is what was spent on containers, and most what may be, in octets: a
	// body that can be split in several ways at every level is not read for ever.
	work, most int64
	// boundaries are those of the multiparts around the part that is read.
	boundaries []string
}

type note struct {
	part   *Part // nil for the whole message
	signal Signal
	detail string
}

// mostNotes bounds what is noticed of one message; behind it nothing is new.
const mostNotes = 4000

func (w *walker) note(p *Part, s Signal, detail string) {
	if len(w.notes) < mostNotes {
		w.notes = append(w.notes, note{p, s, detail})
	}
}

const (
	limitNesting  = "nested deeper than the limit"
	limitMembers  = "more parts than the limit"
	limitReadings = "too many ways to read the message"
	// The work for one octet of the message: deep nesting and a few readings.
	workFactor, workBase = 25, 1 << 20
	// Decoding costs room beside time.
	decodeFactor = 4
)

// part reads what the header section of p says of it, and what is below it.
// The depth is the number of multiparts and messages around p.
func (w *walker) part(p *Part, defaultType string, depth int) {
	m := readFields(p.Header, defaultType)
	p.MediaType, p.Params, p.Disposition, p.Names = m.mediaType, m.params, m.disp, m.names
	p.encoding = m.encoding
	p.container = isContainer(m.mediaType)
	if p.encoding == uuEncoding {
		w.uuName(p)
	}
	w.defects(p, &m)
	w.signals(p)
	switch {
	case !p.container:
		w.leaf(p, &m, depth)
	case depth >= w.msg.limits.Nesting:
		w.note(p, SignalIncomplete, limitNesting)
		w.unread(p, p.raw)
	case isEmbedded(m.mediaType):
		w.embedded(p, depth)
	default:
		w.multipart(p, &m, depth)
	}
}

// defects notes what the fields hold. For the root they are the message's own.
func (w *walker) defects(p *Part, m *mimeFields) {
	about := p
	if p == w.msg.Root {
		about = nil
	}
	for _, d := range m.defects {
		w.note(about, SignalDefect, d)
	}
}

// signals notes what the media type alone tells.
func (w *walker) signals(p *Part) {
	switch p.MediaType {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		// RFC 8551, section 3.2.2. A type that is not given is looked up in the ASN.1.
		switch strings.ToLower(p.Params["smime-type"]) {
		case "signed-data", "certs-only", "compressed-data", "signed-receipt":
		case "":
			if !w.isSignedData(p) {
				w.note(p, SignalEncrypted, "S/MIME enveloped data")
			}
		default:
			w.note(p, SignalEncrypted, "S/MIME enveloped data")
		}
	case "multipart/encrypted":
		w.note(p, SignalEncrypted, "an encrypted multipart")
	case "application/pgp-encrypted":
		w.note(p, SignalEncrypted, detailArmour)
	case "message/partial":
		w.note(p, SignalIncomplete, "a fragment of a message")
		w.note(p, SignalDefect, "a fragment of a message, which some readers join")
	case "message/external-body":
		w.note(p, SignalIncomplete, "a body that lies elsewhere")
	}
}

// signedData is the object identifier of CMS signed-data (RFC 5652, section 5.1).
var signedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

func (w *walker) isSignedData(p *Part) bool {
	data, err := p.Content()
	if err != nil {
		w.err = err
		return false
	}
	return bytes.Contains(data[:min(len(data), 64)], signedData)
}

func (w *walker) leaf(p *Part, m *mimeFields, depth int) {
	if p.encoding == identity && hasArmour(p.raw) {
		w.note(p, SignalEncrypted, detailArmour)
	}
	if set := p.Charset(); set != "" && strings.HasPrefix(p.MediaType, "text/") && !charset.Known(set) {
		w.note(p, SignalDefect, UnknownCharset)
	}
	w.otherReadings(p, m)
	w.partsOfLeaf(p, m, depth)
}

// partsOfLeaf reads a leaf with a boundary and delimiters as a multipart too:
// readers that go by the boundary show its parts.
func (w *walker) partsOfLeaf(p *Part, m *mimeFields, depth int) {
	if len(m.boundaries) == 0 {
		return
	}
	declared := func(r reading) bool { return !slices.Contains(m.boundaries, r.boundary) }
	found := slices.DeleteFunc(w.readingsOf(p.raw, m), declared)
	if len(found) == 0 {
		return
	}
	if depth >= w.msg.limits.Nesting {
		w.note(p, SignalIncomplete, limitNesting)
		return
	}
	if w.enter(p, len(p.raw)) {
		w.split(p, m, p.raw, found, depth)
	}
}

// uuName takes over the file name that stands in uuencoded data.
func (w *walker) uuName(p *Part) {
	rest := p.raw
	for range 100 {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if name, ok := uuBegin(bytes.TrimRight(line, "\r")); ok {
			f := mimeFields{names: p.Names}
			f.addName(utf8Text(name))
			p.Names = f.names
			return
		}
		if !found {
			return
		}
		rest = after
	}
}

// unread keeps octets that are not entered as a leaf below p, so that their text
// is still seen.
func (w *walker) unread(p *Part, raw []byte) {
	w.text(p, len(p.Children)+1, raw)
}

// enter spends work on a container and tells whether there was any left.
func (w *walker) enter(p *Part, n int) bool {
	w.work += int64(n)
	if w.work <= w.most {
		return true
	}
	w.note(p, SignalIncomplete, limitReadings)
	w.unread(p, p.raw)
	return false
}

// text adds a leaf of octets that belong to no part, unless they are blank.
func (w *walker) text(p *Part, n int, raw []byte) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return
	}
	leaf := &Part{Index: p.Index + "." + strconv.Itoa(n), MediaType: "text/plain", msg: w.msg, raw: raw,
		embedded: p.embedded || p.IsEmbedded()}
	p.Children = append(p.Children, leaf)
	if hasArmour(raw) {
		w.note(leaf, SignalEncrypted, detailArmour)
	}
}

// decoded gives the octets of a container, its encoding undone where it has one.
func (w *walker) decoded(p *Part) []byte {
	data, err := p.Content()
	if err != nil {
		w.err = err
		return nil
	}
	return data
}

// journaled tells whether p is the message that a journal report is about: the
// first one attached to a report, as Exchange marks them.
func (w *walker) journaled(p *Part) bool {
	if w.msg.Journaled != nil || strings.Count(p.Index, ".") > 1 {
		return false
	}
	for _, name := range [...]string{"X-MS-Journal-Report", "X-MS-Exchange-Journal-Report"} {
		if _, marked := w.msg.Root.Header.Get(name); marked {
			return true
		}
	}
	return false
}

// embedded reads the message that p is.
func (w *walker) embedded(p *Part, depth int) {
	if p.encoding != identity && p.MediaType != "message/global" {
		w.note(p, SignalDefect, "an embedded message that is encoded")
	}
	p.MediaType = "message/rfc822"
	cost := len(p.raw)
	if p.encoding != identity {
		cost *= decodeFactor
	}
	if !w.enter(p, cost) {
		return
	}
	raw := w.decoded(p)
	if w.err != nil {
		return
	}
	if w.members >= w.msg.limits.Members {
		w.note(p, SignalIncomplete, limitMembers)
		w.unread(p, raw)
		return
	}
	w.members++
	h, body := readSection(withoutFromLine(raw), w.msg.limits.HeaderFields, func(s Signal, d string) { w.note(p, s, d) })
	root := &Part{Index: p.Index + ".1", Header: h, msg: w.msg, raw: body, embedded: true}
	if w.journaled(p) {
		// Its parts are judged as those of the message itself.
		root.embedded = false
		w.msg.Journaled = root
	}
	p.Children = []*Part{root}
	w.part(root, "text/plain", depth+1)
}
