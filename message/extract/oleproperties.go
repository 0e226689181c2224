package extract

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	summaryStream  = "\x05SummaryInformation"
	documentStream = "\x05DocumentSummaryInformation"
)

// The identifiers of [MS-OLEPS] sections 2.25.1 and of [MS-OSHARED] section
// 2.3.3.2 under the names that Office shows.
var (
	summaryNames = map[uint32]string{2: "Title", 3: "Subject", 4: "Author", 5: "Keywords", 6: "Comments", 7: "Template", 8: "LastAuthor",
		9: "RevisionNumber", 18: "AppName"}
	documentNames = map[uint32]string{2: "Category", 3: "PresentationFormat", 14: "Manager", 15: "Company", 26: "ContentType",
		27: "ContentStatus", 28: "Language", 29: "DocumentVersion"}
)

// readOLEProperties keeps the property sets of a storage ([MS-OLEPS]).
func (r *reader) readOLEProperties(n *cfbNode) {
	if data := n.stream(summaryStream); data != nil {
		r.propertySets(data, summaryNames)
	}
	if data := n.stream(documentStream); data != nil {
		r.propertySets(data, documentNames)
	}
	r.labelsOfProperties()
}

// propertySets reads a stream of up to two property sets: the built-in ones and
// those that the user defined, which name themselves.
func (r *reader) propertySets(data []byte, names map[uint32]string) {
	if len(data) < 48 || data[0] != 0xfe || data[1] != 0xff {
		return
	}
	sets := min(binary.LittleEndian.Uint32(data[24:]), 2)
	for i := range sets {
		at := le32(data, int(28+20*i+16))
		if int64(at) < int64(len(data)) {
			r.propertySet(data[at:], names, i == 1)
		}
	}
}

// propertySet reads one set. Identifier 0 is the dictionary of names, 1 the code
// page.
func (r *reader) propertySet(set []byte, names map[uint32]string, custom bool) {
	const most = 2000
	count := min(le32(set, 4), most, uint32(len(set)/8))
	cp := cpWestern
	at := make(map[uint32]uint32, min(count, 64))
	for i := range count {
		id, offset := le32(set, int(8+8*i)), le32(set, int(12+8*i))
		if int64(offset) < int64(len(set)) {
			at[id] = offset
			if id == 1 {
				cp = le16(set, int(offset)+4)
			}
		}
	}
	own := map[uint32]string{}
	if offset, have := at[0]; have && custom {
		own = propertyDictionary(set[offset:], cp)
	}
	for i := range count {
		id := le32(set, int(8+8*i))
		offset, have := at[id]
		if !have || id < 2 || r.expired() {
			continue
		}
		name := own[id]
		if !custom {
			name = names[id]
		}
		if name == "" {
			continue
		}
		if value, ok := propertyValue(set[offset:], cp); ok {
			r.property(name, value)
		}
	}
}

// propertyDictionary reads the names of custom properties (section 2.17).
func propertyDictionary(b []byte, cp int) map[uint32]string {
	const most = 2000
	names := map[uint32]string{}
	count := min(le32(b, 0), most)
	for b = b[min(4, len(b)):]; count > 0 && len(b) >= 8; count-- {
		id, length := le32(b, 0), int64(le32(b, 4))
		b = b[8:]
		if cp == cpUTF16 {
			length *= 2
		}
		text := within(b, 0, length)
		names[id] = strings.TrimRight(codePageText(text, cp), "\x00")
		if cp == cpUTF16 {
			length = (length + 3) &^ 3
		}
		if length > int64(len(b)) {
			break
		}
		b = b[length:]
	}
	return names
}

// propertyValue reads a typed value (section 2.15) as text.
func propertyValue(b []byte, cp int) (string, bool) {
	if len(b) < 8 {
		return "", false
	}
	v := b[4:]
	switch le16(b, 0) {
	case 2:
		return strconv.Itoa(int(int16(le16(v, 0)))), true
	case 3, 22:
		return strconv.Itoa(int(int32(le32(v, 0)))), true
	case 18:
		return strconv.Itoa(le16(v, 0)), true
	case 19, 23:
		return strconv.FormatUint(uint64(le32(v, 0)), 10), true
	case 4:
		return strconv.FormatFloat(float64(math.Float32frombits(le32(v, 0))), 'g', -1, 32), true
	case 11:
		return strconv.FormatBool(le16(v, 0) != 0), true
	case 30, 8:
		text := within(v, 4, int64(le32(v, 0)))
		return strings.TrimRight(codePageText(text, cp), "\x00"), true
	case 31:
		return strings.TrimRight(utf16leText(within(v, 4, 2*int64(le32(v, 0)))), "\x00"), true
	}
	if len(v) < 8 {
		return "", false
	}
	u := binary.LittleEndian.Uint64(v)
	switch le16(b, 0) {
	case 5:
		return strconv.FormatFloat(math.Float64frombits(u), 'g', -1, 64), true
	case 7:
		return oleDate(math.Float64frombits(u)), true
	case 20:
		return strconv.FormatInt(int64(u), 10), true
	case 21:
		return strconv.FormatUint(u, 10), true
	case 64:
		return fileTime(u), true
	}
	return "", false
}

// fileTime gives a time counted in 100 ns from 1601 ([MS-DTYP] 2.3.3) in UTC;
// empty for none.
func fileTime(u uint64) string {
	const toUnix = 11644473600
	s := int64(u/10_000_000) - toUnix
	if u == 0 || s > 253402300799 {
		return ""
	}
	return time.Unix(s, 0).UTC().Format("2006-01-02T15:04:05Z")
}

// oleDate gives a time counted in days from 1899-12-30.
func oleDate(days float64) string {
	if math.IsNaN(days) || math.Abs(days) > 3e6 {
		return ""
	}
	return time.Unix(int64((days-25569)*86400), 0).UTC().Format("2006-01-02T15:04:05Z")
}

// classID gives a class identifier as it is usually written.
func classID(b [16]byte) string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:])
}
