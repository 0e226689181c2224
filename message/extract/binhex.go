package extract

import (
	"encoding/binary"
	"strings"
)

// binHexAlphabet is that of BinHex 4.0 (RFC 1741, appendix A).
const binHexAlphabet = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"

var binHexValue = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(binHexAlphabet) {
		t[binHexAlphabet[i]] = int8(i)
	}
	return t
}()

// binHex reads the file behind the line that announces it: the data fork and,
// where it holds anything, the resource fork are members.
func (r *reader) binHex(l *lineScanner) {
	rest := l.s[l.pos:]
	begin := strings.IndexByte(rest, ':')
	if begin < 0 || strings.TrimSpace(rest[:begin]) != "" {
		return
	}
	body := rest[begin+1:]
	end := strings.IndexByte(body, ':')
	if end < 0 {
		end = len(body)
	}
	l.pos += begin + 1 + end
	name, data, resource, ok := binHexForks(unrepeated(binHexOctets(body[:end])))
	if !ok {
		r.unreadMember("", int64(end), Corrupt, "damaged BinHex")
		return
	}
	r.member(Hint{Name: name}, data)
	if len(resource) > 0 {
		r.unreadMember(name+" (resource fork)", int64(len(resource)), Unsupported, "a resource fork of the Macintosh")
	}
}

// binHexOctets undoes the encoding of six bits a character.
func binHexOctets(s string) []byte {
	out := make([]byte, 0, len(s)/4*3)
	var acc uint32
	n := 0
	for i := range len(s) {
		v := binHexValue[s[i]]
		if v < 0 {
			continue
		}
		acc = acc<<6 | uint32(v)
		if n++; n == 4 {
			out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, n = 0, 0
		}
	}
	switch n {
	case 2:
		out = append(out, byte(acc>>4))
	case 3:
		out = append(out, byte(acc>>10), byte(acc>>2))
	}
	return out
}

// unrepeated undoes run lengths: 0x90 and a count behind an octet, 0x90 0 for
// the octet 0x90. What grows beyond all files of that time is cut.
func unrepeated(b []byte) []byte {
	const marker, most = 0x90, 64 << 20
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b) && len(out) < most; i++ {
		if b[i] != marker || i+1 >= len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		if b[i] == 0 {
			out = append(out, marker)
			continue
		}
		if len(out) > 0 {
			last := out[len(out)-1]
			for range b[i] - 1 {
				out = append(out, last)
			}
		}
	}
	return out
}

// binHexForks takes the header apart: name, type, creator, flags, lengths; a
// checksum of two octets follows it and each fork.
func binHexForks(b []byte) (name string, data, resource []byte, ok bool) {
	if len(b) == 0 {
		return "", nil, nil, false
	}
	n := int(b[0])
	const fixed = 1 + 4 + 4 + 2 + 4 + 4 + 2
	if len(b) < 1+n+fixed {
		return "", nil, nil, false
	}
	name = string(b[1 : 1+n])
	h := b[1+n+1+4+4+2:]
	dataLength, resourceLength := int64(binary.BigEndian.Uint32(h)), int64(binary.BigEndian.Uint32(h[4:]))
	rest := b[1+n+fixed:]
	if dataLength > int64(len(rest)) {
		return name, rest, nil, len(rest) > 0
	}
	data, rest = rest[:dataLength], rest[dataLength:]
	if len(rest) > 2 {
		rest = rest[2:]
		resource = rest[:min(resourceLength, int64(len(rest)))]
	}
	return name, data, resource, true
}
