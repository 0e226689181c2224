package edit

import (
	"bytes"
	"encoding/base64"
)

// spliceBase64 replaces octets of a base64 body. Lines before the place stay as
// they are; from there on it is encoded anew, in lines as long as those were.
func spliceBase64(src, content []byte, from, to int, in []byte, nl string) []byte {
	kept, pos, width := keptBase64(src, from)
	data := make([]byte, 0, from-pos+len(in)+len(content)-to)
	data = append(append(append(data, content[pos:from]...), in...), content[to:]...)
	out := make([]byte, 0, kept+base64.StdEncoding.EncodedLen(len(data))*(width+2)/width+8)
	out = append(out, src[:kept]...)
	out = appendBase64(out, data, width, nl)
	if !bytes.HasSuffix(src, []byte("\n")) {
		out = bytes.TrimSuffix(out, []byte(nl))
	}
	// Empty lines behind the last one stay.
	tail := src[len(bytes.TrimRight(src, "\r\n")):]
	if n := bytes.IndexByte(tail, '\n'); n >= 0 {
		out = append(out, tail[n+1:]...)
	}
	return out
}

// keptBase64 gives how many octets of a base64 body are whole lines before the
// decoded place, what they decode to, and how long lines are.
func keptBase64(src []byte, place int) (kept, decoded, width int) {
	const usual = 76
	for kept < len(src) {
		n := bytes.IndexByte(src[kept:], '\n')
		if n < 0 {
			break
		}
		line := bytes.TrimSuffix(src[kept:kept+n], []byte("\r"))
		if len(line) == 0 || len(line)%4 != 0 || len(line) > usual || bytes.ContainsAny(line, " \t=\r") || decoded+len(line)/4*3 > place {
			break
		}
		if width == 0 {
			width = len(line)
		}
		if len(line) != width {
			break
		}
		kept, decoded = kept+n+1, decoded+len(line)/4*3
	}
	if width < 40 {
		// Short lines are those of a short body.
		if width > 0 {
			return 0, 0, usual
		}
		width = usual
		if n := bytes.IndexByte(src, '\n'); n >= 0 {
			if first := len(bytes.TrimRight(src[:n], "\r")); first >= 40 && first <= usual && first%4 == 0 {
				width = first
			}
		}
	}
	return kept, decoded, width
}

// appendBase64 appends octets in base64, in lines that end.
func appendBase64(dst, data []byte, width int, nl string) []byte {
	step := width / 4 * 3
	for len(data) > 0 {
		n := min(step, len(data))
		dst = base64.StdEncoding.AppendEncode(dst, data[:n])
		dst = append(dst, nl...)
		data = data[n:]
	}
	return dst
}
