package message

import "bytes"

// damage says what was met while an encoding was undone.
type damage struct {
	defect     string // readers may disagree; empty for none
	unreadable string // something is lost; empty for nothing
}

func (d *damage) note(s string) {
	if d.defect == "" {
		d.defect = s
	}
}

const (
	b64Foreign = 0xff
	b64Blank   = 0xfe
	b64Pad     = 0xfd
	b64URL     = 0x40 // marks - and _, the other alphabet (RFC 4648, section 5)
)

var b64Table = func() (t [256]byte) {
	for i := range t {
		t[i] = b64Foreign
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	t['-'], t['_'] = 62|b64URL, 63|b64URL
	t['='] = b64Pad
	for _, c := range "\r\n \t" {
		t[c] = b64Blank
	}
	return t
}()

// decodeBase64 appends the octets of base64 (RFC 2045, section 6.8) to dst:
// foreign characters are passed over, reading goes on behind padding, padding
// may be missing, both alphabets are known. It adds at most 3 octets for 4.
func decodeBase64(dst, src []byte) ([]byte, damage) {
	var dm damage
	var acc uint32
	n := 0
	padded := false
	any := false
	for i := 0; i < len(src); {
		if n == 0 && !padded {
			// Whole groups first: they are nearly all there is.
			for i+4 <= len(src) {
				a, b, c, d := b64Table[src[i]], b64Table[src[i+1]], b64Table[src[i+2]], b64Table[src[i+3]]
				if (a|b|c|d)&0xc0 != 0 {
					break
				}
				dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
				i += 4
				any = true
			}
			if i >= len(src) {
				break
			}
		}
		v := b64Table[src[i]]
		i++
		switch v {
		case b64Blank:
			continue
		case b64Foreign:
			dm.note("characters foreign to base64")
			continue
		case b64Pad:
			dst, n, acc = b64Flush(dst, n, acc, &dm)
			padded = true
			continue
		}
		if padded {
			dm.note("base64 goes on behind its padding")
			padded = false
		}
		if v&b64URL != 0 {
			dm.note("base64 of another alphabet")
			v &= 0x3f
		}
		any = true
		acc = acc<<6 | uint32(v)
		if n++; n == 4 {
			dst = append(dst, byte(acc>>16), byte(acc>>8), byte(acc))
			n, acc = 0, 0
		}
	}
	if n > 0 {
		dm.note("base64 without its padding")
		dst, _, _ = b64Flush(dst, n, acc, &dm)
	}
	if !any && len(bytes.TrimSpace(src)) > 0 {
		dm.unreadable = "no base64 in a part that is said to be base64"
	}
	return dst, dm
}

func b64Flush(dst []byte, n int, acc uint32, dm *damage) ([]byte, int, uint32) {
	switch n {
	case 1:
		dm.unreadable = "base64 that ends within an octet"
	case 2:
		dst = append(dst, byte(acc>>4))
	case 3:
		dst = append(dst, byte(acc>>10), byte(acc>>2))
	}
	return dst, 0, 0
}

// proseBefore gives how many octets of src are lines of prose before the
// first line of base64: a few lines that cannot be base64, then one that can.
func proseBefore(src []byte) int {
	pos := 0
	for range 16 {
		end := bytes.IndexByte(src[pos:], '\n')
		if end < 0 {
			return 0
		}
		line := bytes.TrimSpace(src[pos : pos+end])
		if len(line) > 0 && pureBase64(line) {
			if len(line) < 16 {
				return 0
			}
			return pos
		}
		pos += end + 1
	}
	return 0
}

func pureBase64(line []byte) bool {
	for _, c := range line {
		if v := b64Table[c]; v == b64Foreign || v == b64Blank {
			return false
		}
	}
	return true
}

// decodeQuotedPrintable appends the octets of quoted-printable (RFC 2045,
// section 6.7) to dst. An escape that is none stays as it is. It adds at most
// as many octets as it reads.
func decodeQuotedPrintable(dst, src []byte) ([]byte, damage) {
	var dm damage
	for i := 0; i < len(src); {
		// Whatever stands for itself is copied as a run.
		n := i
		for n < len(src) && src[n] != '=' && src[n] != ' ' && src[n] != '\t' {
			n++
		}
		dst = append(dst, src[i:n]...)
		if i = n; i >= len(src) {
			break
		}
		if src[i] != '=' {
			n = i
			for n < len(src) && (src[n] == ' ' || src[n] == '\t') {
				n++
			}
			// Blanks at the end of a line were added on the way.
			if n < len(src) && !lineEndAt(src, n) {
				dst = append(dst, src[i:n]...)
			}
			i = n
			continue
		}
		if i+2 < len(src) {
			if h, l := hexValue(src[i+1]), hexValue(src[i+2]); h >= 0 && l >= 0 {
				dst = append(dst, byte(h<<4|l))
				i += 3
				continue
			}
		}
		n = i + 1
		for n < len(src) && (src[n] == ' ' || src[n] == '\t') {
			n++
		}
		switch {
		case n >= len(src):
			i = n
		case lineEndAt(src, n):
			if n > i+1 {
				dm.note("blanks behind a soft line break")
			}
			i = bytes.IndexByte(src[n:], '\n') + n + 1
		default:
			dm.note("an escape that is not quoted-printable")
			dst = append(dst, '=')
			i++
		}
	}
	return dst, dm
}

// lineEndAt tells whether a line ends at src[i]: LF or CRLF.
func lineEndAt(src []byte, i int) bool {
	return src[i] == '\n' || src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n'
}

// decodeUU appends the octets of every uuencoded file in src to dst. Lines
// before the first "begin" and between "end" and the next are passed over. It
// adds at most 3 octets for 4, and 3 a line.
func decodeUU(dst, src []byte) ([]byte, damage) {
	var dm damage
	inside, found := false, false
	for len(src) > 0 {
		line := src
		if n := bytes.IndexByte(src, '\n'); n >= 0 {
			line, src = src[:n], src[n+1:]
		} else {
			src = nil
		}
		line = bytes.TrimRight(line, "\r")
		if !inside {
			if _, ok := uuBegin(line); ok {
				inside, found = true, true
			}
			continue
		}
		if bytes.HasPrefix(line, []byte("end")) && len(bytes.TrimSpace(line)) == 3 {
			inside = false
			continue
		}
		if _, ok := uuBegin(line); ok {
			dm.note("uuencode begins again before its end")
			continue
		}
		dst = uuLine(dst, line, &dm)
	}
	switch {
	case !found:
		dm.unreadable = "no uuencode in a part that is said to be uuencode"
	case inside:
		dm.note("uuencode without its end")
	}
	return dst, dm
}

// DecodeUU gives the octets of the uuencoded file in src. Damage is passed over.
func DecodeUU(src []byte) []byte {
	data, _ := decodeUU(nil, src)
	return data
}

// uuBegin reads the line "begin mode name".
func uuBegin(line []byte) (name string, ok bool) {
	rest, found := bytes.CutPrefix(line, []byte("begin "))
	if !found {
		return "", false
	}
	mode, file, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	if len(mode) < 3 || len(mode) > 6 {
		return "", false
	}
	for _, c := range mode {
		if c < '0' || c > '7' {
			return "", false
		}
	}
	return string(bytes.TrimSpace(file)), true
}

func uuLine(dst, line []byte, dm *damage) []byte {
	if len(line) == 0 {
		return dst
	}
	want := int(line[0]-' ') & 0x3f
	line = line[1:]
	if have := len(line) * 3 / 4; want > have+2 {
		dm.note("a line of uuencode that is too short")
		want = have
	}
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 0x3f
		}
		return 0
	}
	for i := 0; want > 0; i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		group := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		n := min(3, want)
		dst = append(dst, group[:n]...)
		want -= n
	}
	return dst
}
