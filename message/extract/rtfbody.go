package extract

import "bytes"

// rtfBegin fills the window of the compression before the first octet
// ([MS-OXRTFCP] section 2.2.2.1).
const rtfBegin = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// unpackRTF unpacks the body of a message ([MS-OXRTFCP]). A size that is too large
// only means that something is missing.
func (r *reader) unpackRTF(b []byte) []byte {
	const compressed, stored = 0x75465a4c, 0x414c454d
	if len(b) < 16 {
		return nil
	}
	size := int64(le32(b, 4))
	switch le32(b, 8) {
	case stored:
		return within(b, 16, size)
	case compressed:
	default:
		if bytes.HasPrefix(bytes.TrimSpace(b), []byte(`{\rtf`)) {
			return b
		}
		r.fail(Corrupt, "a damaged body")
		return nil
	}
	var window [4096]byte
	at := copy(window[:], rtfBegin)
	in := b[16:]
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		window[at&4095] = c
		at++
	}
	for len(in) > 0 && int64(len(out)) < size {
		if r.left.inflated <= 0 || r.expired() {
			r.fail(Truncated, limitInflated)
			break
		}
		flags := in[0]
		in = in[1:]
		begin := len(out)
		for bit := 0; bit < 8 && len(in) > 0; bit++ {
			if flags>>bit&1 == 0 {
				put(in[0])
				in = in[1:]
				continue
			}
			if len(in) < 2 {
				in = nil
				break
			}
			token := int(in[0])<<8 | int(in[1])
			in = in[2:]
			from := token >> 4
			if from == at&4095 {
				return out // the end
			}
			for i := range token&15 + 2 {
				put(window[(from+i)&4095])
			}
		}
		r.left.inflated -= int64(len(out) - begin)
	}
	if int64(len(out)) < size {
		r.fail(Corrupt, "a damaged body")
	}
	return out
}
