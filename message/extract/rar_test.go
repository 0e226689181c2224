package extract

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rarBlock makes a block of version 4: its check sum, its kind and flags, its
// length, and what it holds.
func rarBlock(kind byte, flags uint16, data string) string {
	le := binary.LittleEndian
	b := append([]byte{0, 0, kind}, le.AppendUint16(nil, flags)...)
	b = le.AppendUint16(b, uint16(7+len(data)))
	b = append(b, data...)
	le.PutUint16(b, uint16(crc32.ChecksumIEEE(b[2:])))
	return string(b)
}

// rarFile makes a block for a file that is stored, and its content.
func rarFile(flags uint16, name, content string) string {
	le := binary.LittleEndian
	size := uint32(len(content))
	whole := size
	if flags&2 != 0 { // it goes on in the next volume
		whole += 10
	}
	b := le.AppendUint32(le.AppendUint32(nil, size), whole)
	b = append(b, 3) // Unix
	b = le.AppendUint32(b, crc32.ChecksumIEEE([]byte(content)))
	b = le.AppendUint32(b, 0x58000000)
	b = append(b, 20, 0x30)
	b = le.AppendUint16(b, uint16(len(name)))
	b = le.AppendUint32(b, 0o100644)
	b = append(b, name...)
	if flags&4 != 0 && flags&0x400 != 0 {
		b = append(b, "saltsalt"...)
	}
	return rarBlock(0x74, flags|0x8000, string(b)) + content
}

func TestRAR(t *testing.T) {
	const magic = "Rar!\x1a\x07\x00"
	main := func(flags uint16) string { return rarBlock(0x73, flags, strings.Repeat("\x00", 6)) }
	const volume, headers, encrypted, before, behind = 1, 0x80, 4, 1, 2
	end := rarBlock(0x7b, 0x4000, "")
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"two files", magic + main(0) + rarFile(0, "a.txt", cardNumber) + rarFile(0, `b\c.csv`, "x,y") + end, []string{"complete", "a.txt complete", "b/c.csv complete"}},
		{"an encrypted file", magic + main(0) + rarFile(0, "a.txt", "x") + rarFile(encrypted, "b.txt", "0123456789abcdef") + end, []string{"protected", "a.txt complete", "b.txt protected"}},
		{"hidden names", magic + main(headers) + "saltsalt" + strings.Repeat("?", 64), []string{"protected"}},
		{"a volume", magic + main(volume) + rarFile(0, "a.txt", "x") + rarFile(behind, "b.txt", "begin") + rarBlock(0x7b, 0x4001, ""), []string{"truncated", "a.txt complete", "b.txt truncated"}},
		{"a later volume", magic + main(volume) + rarFile(before, "b.txt", "end") + end, []string{"truncated"}},
		{"a damaged file", strings.Replace(magic+main(0)+rarFile(0, "a.txt", cardNumber)+end, "a.txt", "b.txt", 1), []string{"corrupt"}},
		{"cut off", magic + main(0) + rarFile(0, "a.txt", cardNumber)[:50], []string{"corrupt", "a.txt corrupt"}},
		{"a program that unpacks itself", dosProgram("PE\x00\x00") + magic + main(0) + rarFile(0, "a.txt", cardNumber) + end,
			[]string{"unsupported", "member 1 complete", "member 1/a.txt complete"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, outline(d)); diff != "" {
				t.Errorf("%s\n%s %q", diff, d.Status, d.Detail)
			}
		})
	}
}

func TestSolidRAR(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    bool
	}{
		"version 4":        {"Rar!\x1a\x07\x00" + rarBlock(0x73, 0, strings.Repeat("\x00", 30)), false},
		"version 4, solid": {"Rar!\x1a\x07\x00" + rarBlock(0x73, 8, strings.Repeat("\x00", 30)), true},
		"version 5":        {"Rar!\x1a\x07\x01\x00CRC4\x03\x01\x00\x00" + strings.Repeat("\x00", 30), false},
		"version 5, solid": {"Rar!\x1a\x07\x01\x00CRC4\x03\x01\x00\x04" + strings.Repeat("\x00", 30), true},
		"with an extra":    {"Rar!\x1a\x07\x01\x00CRC4\x05\x01\x01\x02\x04" + strings.Repeat("\x00", 30), true},
	} {
		if got := isSolidRAR([]byte(c.content)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
