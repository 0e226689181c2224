package pdf

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const lineContent = "BT /F 12 Tf 10 100 Td (" + wholeLine + ") Tj ET"

func TestFilters(t *testing.T) {
	hexed := fmt.Sprintf("%x>", lineContent)
	var run strings.Builder
	for _, c := range lineContent {
		run.WriteString("\x00" + string(c))
	}
	predicted := func() string { // each row with the predictor "up"
		const columns = 8
		padded := lineContent + strings.Repeat(" ", columns-len(lineContent)%columns)
		var b strings.Builder
		above := make([]byte, columns)
		for i := 0; i < len(padded); i += columns {
			b.WriteByte(2)
			for j := range columns {
				b.WriteByte(padded[i+j] - above[j])
				above[j] = padded[i+j]
			}
		}
		return b.String()
	}
	for _, c := range []struct{ name, filter, data string }{
		{"Flate", "/Filter/FlateDecode", deflated(lineContent)},
		{"Flate by its short name", "/Filter[/Fl]", deflated(lineContent)},
		{"Flate after Flate", "/Filter[/FlateDecode/FlateDecode]", deflated(deflated(lineContent))},
		{"Flate with a line end before", "/Filter/FlateDecode", "\r\n" + deflated(lineContent)},
		{"predictor", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>", deflated(predicted())},
		{"hexadecimal", "/Filter/ASCIIHexDecode", hexed},
		{"run length", "/Filter/RunLengthDecode", run.String() + "\x80"},
		{"ASCII 85", "/Filter/ASCII85Decode", ascii85(lineContent) + "~>"},
		{"ASCII 85 of Flate", "/Filter[/A85/Fl]/DecodeParms[null null]", ascii85(deflated(lineContent)) + "~>"},
		{"LZW", "/Filter/LZWDecode", lzw(lineContent)},
		{"encrypted by name only", "/Filter[/Crypt]", lineContent},
	} {
		t.Run(c.name, func(t *testing.T) {
			wants(t, objects(catalog, pages, onePage, streamOf(c.filter, c.data), helvetic), wholeLine)
		})
	}
}

func ascii85(s string) string {
	var b strings.Builder
	for len(s)%4 != 0 {
		s += " "
	}
	for i := 0; i < len(s); i += 4 {
		n := uint32(s[i])<<24 | uint32(s[i+1])<<16 | uint32(s[i+2])<<8 | uint32(s[i+3])
		var group [5]byte
		for j := 4; j >= 0; j-- {
			group[j] = byte(n%85) + '!'
			n /= 85
		}
		b.Write(group[:])
	}
	return b.String()
}

// lzw writes each octet as a code of its own, which is allowed.
func lzw(s string) string {
	var out []byte
	bits, have := 0, 0
	put := func(code int) {
		bits, have = bits<<9|code, have+9
		for have >= 8 {
			out = append(out, byte(bits>>(have-8)))
			have -= 8
			bits &= 1<<have - 1
		}
	}
	for i := range len(s) {
		if i%200 == 0 {
			put(256)
		}
		put(int(s[i]))
	}
	put(257)
	put(0)
	return string(out)
}

func TestUnreadableContentIsTold(t *testing.T) {
	whole := deflated(strings.Repeat(lineContent+"\n0 -20 Td ", 500))
	for _, c := range []struct {
		name, filter, data string
		told               func(*File) string
	}{
		{"a broken stream", "/Filter/FlateDecode", whole[:len(whole)/2] + strings.Repeat("\xff", 40), (*File).Damaged},
		{"an unknown filter", "/Filter/FooDecode", "x", (*File).Unread},
		{"beyond belief", "/Filter/FlateDecode", deflated(strings.Repeat(" ", 20<<20)), (*File).Limited},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := read(t, objects(catalog, pages, onePage, streamOf(c.filter, c.data), helvetic))
			if c.told(f) == "" {
				t.Errorf("damaged %q, limited %q, unread %q", f.Damaged(), f.Limited(), f.Unread())
			}
		})
	}
	f, text := read(t, objects(catalog, pages, onePage, streamOf("/Filter/FlateDecode", whole[:len(whole)-20]), helvetic))
	if !strings.Contains(text, wholeLine) || f.Damaged() == "" {
		t.Errorf("of a broken stream %q", text)
	}
}

// TestDamage holds that what readers mend is read.
func TestDamage(t *testing.T) {
	good := string(pageOf(lineContent))
	length := fmt.Sprintf("/Length %d", len(lineContent))
	if !strings.Contains(good, length) {
		t.Fatal("no length to damage")
	}
	for _, c := range []struct{ name, data string }{
		{"garbage before", "From a@b\r\n\r\n" + good},
		{"garbage behind", good + strings.Repeat("\x00", 500)},
		{"no tables", good[:strings.Index(good, "xref")] + "trailer <</Root 1 0 R>>"},
		{"no trailer", good[:strings.Index(good, "xref")]},
		{"places that are wrong", strings.Replace(good, "%PDF-1.7\n", "%PDF-1.7\n%more\n", 1)},
		{"startxref that is wrong", strings.Replace(good, "startxref\n", "startxref\n9", 1)},
		{"a table without its word", strings.Replace(good, "xref\n0 6\n", "", 1)},
		{"lengths that are wrong", strings.ReplaceAll(good, length, "/Length 3")},
		{"lengths that are too large", strings.ReplaceAll(good, length, "/Length 99999999")},
		{"no length", strings.ReplaceAll(good, length, "")},
		{"no endstream", strings.Replace(good, "endstream\n", "", 1)},
		{"no endobj", strings.ReplaceAll(good, "endobj\n", "")},
		{"a generation that differs", strings.Replace(good, "4 0 obj", "4 7 obj", 1)},
		{"carriage returns", strings.ReplaceAll(good, "\n", "\r")},
		{"no type of the pages", strings.Replace(strings.Replace(good, "/Type/Pages", "", 1), "/Type/Page", "", 1)},
		{"no kids", strings.Replace(good, "/Kids[3 0 R]", "/Kids[]", 1)},
		{"a catalog that is missing", strings.Replace(good, "/Root 1 0 R", "/Root 9 0 R", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.data == good {
				t.Fatal("nothing is damaged")
			}
			_, text := read(t, []byte(c.data))
			if got := strings.TrimSpace(text); got != wholeLine {
				t.Errorf("the text %q", got)
			}
		})
	}
}

func TestLaterRevisionsCount(t *testing.T) {
	old := pageOf("BT /F 12 Tf 10 100 Td (old text) Tj ET")
	at := bytes.LastIndex(old, []byte("xref\n0"))
	place := len(old)
	updated := string(old) + "4 0 obj\n" + streamOf("", lineContent) + "\nendobj\n"
	table := len(updated)
	updated += fmt.Sprintf("xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF", place, at, table)
	wants(t, []byte(updated), wholeLine)
	wants(t, []byte(strings.Replace(updated, "startxref", "startnone", 2)), wholeLine)
}

func TestStreamsOfObjects(t *testing.T) {
	// The places count from First on.
	first := pages + "\n"
	second := onePage + "\n"
	header := fmt.Sprintf("2 0 3 %d 5 %d ", len(first), len(first)+len(second))
	packed := header + first + second + helvetic
	body := "%PDF-1.7\n"
	places := map[int]int{}
	add := func(num int, o string) {
		places[num] = len(body)
		body += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", num, o)
	}
	add(1, catalog)
	add(4, streamOf("", lineContent))
	add(6, streamOf(fmt.Sprintf("/Type/ObjStm/N 3/First %d/Filter/FlateDecode", len(header)), deflated(packed)))
	table := len(body)
	var data []byte
	for _, r := range [][3]int{{0, 0, 0}, {1, places[1], 0}, {2, 6, 0}, {2, 6, 1}, {1, places[4], 0}, {2, 6, 2}, {1, places[6], 0}, {1, table, 0}} {
		data = append(data, byte(r[0]), byte(r[1]>>8), byte(r[1]), byte(r[2]))
	}
	body += "7 0 obj\n" + streamOf("/Type/XRef/Size 8/W[1 2 1]/Root 1 0 R", string(data)) + "\nendobj\n"
	wants(t, []byte(body+fmt.Sprintf("startxref\n%d\n%%%%EOF", table)), wholeLine)
	wants(t, []byte(body+"startxref\n1\n%%EOF"), wholeLine) // found by going through the file
}

// The files of testdata were made by qpdf of one small document.
func TestEncryption(t *testing.T) {
	for _, c := range []struct{ file, how string }{
		{"rc4-40.pdf", "RC4 with 40 bits"},
		{"rc4-128.pdf", "RC4 with 128 bits"},
		{"aes-128.pdf", "AES with 128 bits"},
		{"aes-256-r5.pdf", "AES with 256 bits"},
		{"aes-256-r6.pdf", "AES with 256 bits"},
		{"aes-256-clear-metadata.pdf", "AES with 256 bits"},
	} {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			f := wants(t, data, wholeLine)
			if f.Encryption() != c.how {
				t.Errorf("%q, not %q", f.Encryption(), c.how)
			}
			if got := f.Info(); len(got) != 1 || got[0] != (Property{"Author", "Jane Doe"}) {
				t.Errorf("properties %v", got)
			}
		})
	}
	for _, file := range []string{"secret-rc4-128.pdf", "secret-aes-128.pdf", "secret-aes-256.pdf"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		if f, err := Open(data, Budget{}); err != ErrProtected || f.Encryption() == "" {
			t.Errorf("%s: %v, %q", file, err, f.Encryption())
		}
	}
	certificates := withTrailer("/Encrypt<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4>>", catalog, pages, onePage, streamOf("", "x"), helvetic)
	if f, err := Open(certificates, Budget{}); err != ErrProtected || !strings.Contains(f.Encryption(), "certificates") {
		t.Errorf("for certificates: %v, %q", err, f.Encryption())
	}
}

// TestEmptyOwnerPassword holds that a file opens by an owner password that is
// empty. Few programs make such files.
func TestEmptyOwnerPassword(t *testing.T) {
	const revision, n, id = 3, 16, "0123456789abcdef"
	user := append([]byte("user"), padding...)[:32]
	o := bytes.Clone(user)
	sum := md5.Sum(padding)
	for range 50 {
		sum = md5.Sum(sum[:n])
	}
	for i := range 20 {
		rc4With(sum[:n], i, o)
	}
	key := key128([]byte("user"), string(o), []byte{0xfc, 0xff, 0xff, 0xff}, id, revision, n, true)
	sum = md5.Sum(append(bytes.Clone(padding), id...))
	u := sum[:]
	for i := range 20 {
		rc4With(key, i, u)
	}
	l := &lock{key: key}
	content, _ := l.decrypt(rc4Method, []byte(lineContent), ref{num: 4})
	encrypted := func(u []byte) []byte {
		return withTrailer(fmt.Sprintf("/ID[<%x>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%x>/U<%x>>>", id, o, u),
			catalog, pages, onePage, streamOf("", string(content)), helvetic)
	}
	wants(t, encrypted(append(u, padding[:16]...)), wholeLine)
	if _, err := Open(encrypted(padding), Budget{}); err != ErrProtected {
		t.Errorf("of another password: %v", err)
	}
}

// TestHybridFiles holds that the entries for new readers are found in a file that
// old ones can read as well.
func TestHybridFiles(t *testing.T) {
	body := "%PDF-1.5\n"
	var table strings.Builder
	for i, o := range []string{catalog, pages, onePage} {
		fmt.Fprintf(&table, "%010d 00000 n \n", len(body))
		body += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at4, at5 := len(body), 0
	body += "4 0 obj\n" + streamOf("", lineContent) + "\nendobj\n"
	at5 = len(body)
	body += "5 0 obj\n" + helvetic + "\nendobj\n"
	hidden := len(body)
	body += "6 0 obj\n" + streamOf("/Type/XRef/Size 6/Index[4 2]/W[1 2 0]", string([]byte{1, byte(at4 >> 8), byte(at4), 1, byte(at5 >> 8), byte(at5)})) + "\nendobj\n"
	main := len(body)
	body += fmt.Sprintf("xref\n0 4\n0000000000 65535 f \n%strailer\n<</Size 4/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF", &table, hidden, main)
	f := wants(t, []byte(body), wholeLine)
	if f.rebuilt {
		t.Error("the entries were not found by the tables")
	}
}
