package edit

import (
	"bytes"
	"encoding/base64"

	"github.com/postern-mail/postern/message"
)

// block is a file that stands encoded within a text.
type block struct {
	start, end int // its lines in the text, line ends included
	name       string
	data       []byte
}

// mostBlocks is how many files in one text are looked at.
const mostBlocks = 256

// blocks finds files in uuencode, in its base64 form (POSIX) and in yEnc. A file
// whose end is missing goes as far as its lines do.
func blocks(text []byte) []block {
	var list []block
	for pos := 0; pos < len(text) && len(list) < mostBlocks; {
		line, next := lineAt(text, pos)
		b := block{start: pos}
		switch {
		case bytes.HasPrefix(line, []byte("begin ")):
			b.name, b.end = modeAndName(line[6:]), uuEnd(text, next)
			if b.name != "" && b.end > pos {
				b.data = message.DecodeUU(text[pos:b.end])
			}
		case bytes.HasPrefix(line, []byte("begin-base64 ")):
			if b.name = modeAndName(line[13:]); b.name != "" {
				end, data := lastLine(text, next, "====")
				b.end = end
				b.data, _ = base64.StdEncoding.AppendDecode(nil, data)
			}
		case bytes.HasPrefix(line, []byte("=ybegin ")):
			if _, name, found := bytes.Cut(line, []byte(" name=")); found {
				b.name = string(bytes.TrimSpace(name))
				end, data := lastLine(text, next, "=yend")
				b.end, b.data = end, yDecoded(data)
			}
		}
		if b.end > pos && b.name != "" {
			list = append(list, b)
			next = b.end
		}
		pos = next
	}
	return list
}

// lineAt gives the line at pos without its end, and the place behind it.
func lineAt(text []byte, pos int) (line []byte, next int) {
	n := bytes.IndexByte(text[pos:], '\n')
	if n < 0 {
		return bytes.TrimRight(text[pos:], "\r"), len(text)
	}
	return bytes.TrimRight(text[pos:pos+n], "\r"), pos + n + 1
}

// modeAndName reads the permissions and the name of a file, which is empty where
// they are none.
func modeAndName(s []byte) string {
	mode, name, _ := bytes.Cut(bytes.TrimLeft(s, " "), []byte(" "))
	if len(mode) < 3 || len(mode) > 6 || len(bytes.Trim(mode, "01234567")) > 0 {
		return ""
	}
	return string(bytes.TrimSpace(name))
}

// uuEnd gives the place behind the lines of uuencode, "end" included, or 0 where
// not one is.
func uuEnd(text []byte, pos int) int {
	first := true
	for pos < len(text) {
		line, next := lineAt(text, pos)
		if string(bytes.TrimSpace(line)) == "end" {
			return next
		}
		if len(line) == 0 {
			// A line of nothing whose blank was lost.
			if after, behind := lineAt(text, min(next, len(text))); next < len(text) && string(bytes.TrimSpace(after)) == "end" {
				return behind
			}
			break
		}
		want := (int(line[0]-' ')&0x3f + 2) / 3 * 4
		if have := len(line) - 1; line[0] < ' ' || line[0] > '`' || have > want+2 || have < want-3 && len(bytes.TrimRight(line, " ")) == len(line) && have*2 < want {
			break
		}
		first = false
		pos = next
	}
	if first {
		return 0
	}
	return pos
}

// lastLine gives the place behind the line that begins with mark, or the end of the
// text, and what stands before that line.
func lastLine(text []byte, pos int, mark string) (end int, data []byte) {
	for start := pos; ; {
		if pos >= len(text) {
			return len(text), text[start:]
		}
		line, next := lineAt(text, pos)
		if bytes.HasPrefix(line, []byte(mark)) {
			return next, text[start:pos]
		}
		pos = next
	}
}

// yDecoded undoes yEnc (version 1.3): each octet plus 42, critical ones escaped.
func yDecoded(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		line, next := lineAt(data, 0)
		data = data[next:]
		if bytes.HasPrefix(line, []byte("=ypart ")) {
			continue
		}
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c == '=' && i+1 < len(line) {
				i++
				c = line[i] - 64
			}
			out = append(out, c-42)
		}
	}
	return out
}
