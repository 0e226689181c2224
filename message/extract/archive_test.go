package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const cardNumber = "4111 1111 1111 1111"

// zipped makes an archive of files in order, each "name: content".
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		name, content, _ := strings.Cut(f, ": ")
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, NonUTF8: true})
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stored makes the local header and the data of one file of an archive.
func stored(name, content string) []byte {
	b := []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(content)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, 0, 0)
	return append(append(b, name...), content...)
}

func gzipped(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Name = name
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// outline lists the documents within one: path, status and defects.
func outline(d Document) (list []string) {
	for at, in := range d.All() {
		s := at + " " + string(in.Status)
		if len(in.Defects) > 0 {
			s += " (" + strings.Join(in.Defects, "; ") + ")"
		}
		list = append(list, strings.TrimSpace(s))
	}
	return list
}

func TestZip(t *testing.T) {
	two := zipped(t, "a.txt: one "+cardNumber, "b/c.csv: x,y")
	program := append([]byte("MZ"), make([]byte, 0x3a)...)
	program = append(append(binary.LittleEndian.AppendUint32(program, 0x40), "PE\x00\x00"...), make([]byte, 300)...)
	patched := func(b []byte, at int, with ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], with)
		return b
	}
	directory := bytes.Index(two, []byte("PK\x01\x02"))
	end := bytes.LastIndex(two, []byte("PK\x05\x06"))
	for _, c := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"two files", two, []string{"complete", "a.txt complete", "b/c.csv complete"}},
		{"without files", []byte("PK\x05\x06" + strings.Repeat("\x00", 18)), []string{"complete"}},
		{"folders are no files", zipped(t, "a/: ", "a/b.txt: x"), []string{"complete", "a/b.txt complete"}},
		{"an archive within", zipped(t, "in.zip: "+string(two)), []string{"complete", "in.zip complete", "in.zip/a.txt complete", "in.zip/b/c.csv complete"}},
		{"a path that leads outside is a name", zipped(t, "../../etc/passwd: x", `C:\a.txt: y`, "/abs: z"),
			[]string{"complete", "../../etc/passwd complete", `C:\a.txt complete`, "/abs complete"}},
		{"a file that the directory does not list", append(stored("hidden.txt", cardNumber), two...),
			[]string{"complete (an archive holds files that its directory does not list)", "a.txt complete", "b/c.csv complete", "hidden.txt complete"}},
		{"a name that only the directory has", patched(two, directory+46, []byte("x.exe")...),
			[]string{"complete (the directory of an archive gives another name than the file)", "x.exe complete", "b/c.csv complete"}},
		{"two files of one name", zipped(t, "a.txt: x", "a.txt: y"), []string{"complete (two files of an archive have the same name)", "a.txt complete", "a.txt complete"}},
		{"text in front", append([]byte("#!/bin/sh\nexec unpack "+cardNumber+"\n"), two...),
			[]string{"complete (content in front of an archive)", "a.txt complete", "b/c.csv complete", "member 3 complete"}},
		{"content behind", patched(append(slices.Clip(two), "\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\x00\x00\x00\x00"...), end+20, 20, 0),
			[]string{"complete (content behind the end of an archive)", "a.txt complete", "b/c.csv complete", "member 3 complete"}},
		{"without a directory", two[:directory], []string{"corrupt", "a.txt complete", "b/c.csv complete"}},
		{"a volume of several", patched(two, end+4, 1, 0), []string{"truncated", "a.txt complete", "b/c.csv complete"}},
		{"the first volume", append([]byte("PK\x07\x08"), two[:directory-20]...), []string{"truncated", "a.txt complete", "b/c.csv corrupt"}},
		{"a wrong check sum", patched(two, directory+16, 1, 2, 3, 4), []string{"corrupt", "a.txt corrupt", "b/c.csv complete"}},
		{"an unknown compression", patched(patched(two, directory+10, 97), 8, 97), []string{"complete", "a.txt unsupported", "b/c.csv complete"}},
		{"another compression in the file's own header", patched(two, 8, 0),
			[]string{"complete (the directory of an archive gives another compression than the file)", "a.txt complete", "b/c.csv complete"}},
		{"one encrypted file", patched(two, directory+8, 1), []string{"protected", "a.txt protected", "b/c.csv complete"}},
		{"a program that unpacks itself", append(program, two...), []string{"unsupported", "a.txt complete", "b/c.csv complete"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(c.content), Hint{Name: "x.zip"})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, outline(d)); diff != "" {
				t.Errorf("%s\n%s %q", diff, d.Status, d.Detail)
			}
		})
	}
}

// The names of an archive are its text: also those of folders and of files that
// cannot be read.
func TestNamesOfAnArchive(t *testing.T) {
	raw := func(e interface{ String(string) (string, error) }, s string) string {
		b, err := e.String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	chinese := "审计压缩包文件检索测试/集团邮件审计系统自动巡检需求文档"
	unicode := "grüße.txt"
	dos := raw(charmap.CodePage437.NewEncoder(), unicode)
	extra := append([]byte{0x75, 0x70, byte(5 + len(unicode)), 0, 1}, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte("gr__e.txt")))...)
	for _, c := range []struct {
		name  string
		file  zip.FileHeader
		names []string
	}{
		{"ASCII", zip.FileHeader{Name: "a.txt"}, []string{"a.txt"}},
		{"UTF-8", zip.FileHeader{Name: unicode}, []string{unicode}},
		{"UTF-8 that is not marked", zip.FileHeader{Name: unicode, NonUTF8: true}, []string{unicode}},
		{"code page 437", zip.FileHeader{Name: dos, NonUTF8: true}, []string{unicode}},
		{"Chinese", zip.FileHeader{Name: raw(simplifiedchinese.GBK.NewEncoder(), chinese), NonUTF8: true}, []string{chinese}},
		{"an extra field for Unicode", zip.FileHeader{Name: "gr__e.txt", Extra: append(extra, unicode...)}, []string{unicode, "gr__e.txt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			w, err := z.CreateHeader(&c.file)
			if err == nil {
				_, err = w.Write([]byte("x"))
			}
			if err != nil || z.Close() != nil {
				t.Fatal(err)
			}
			d := extract(b.String(), Hint{})
			if len(d.Members) != 1 || !slices.Equal(d.Members[0].Names[:min(len(c.names), len(d.Members[0].Names))], c.names) {
				t.Fatalf("%s %q, members %+v", d.Status, d.Detail, d.Members)
			}
			if !strings.Contains(d.Text, c.names[0]+"\n") {
				t.Errorf("not in the text: %q", d.Text)
			}
		})
	}
}

// TestArchiveFiles reads what other programs made: every file holds the text of an
// order, if nothing hides it.
func TestArchiveFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/archives/*")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	want := map[string]Status{
		"zip-PPMd.zip":   Unsupported,
		"zip-aes.zip":    Protected,
		"zip-crypto.zip": Protected,
		"7z-secret.7z":   Protected,
		"7z-hidden.7z":   Protected,
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := extract(string(content), Hint{})
			checkDocument(t, d, DefaultLimits)
			worst := d.Status
			for _, in := range d.All() {
				if in.Status != Complete {
					worst = in.Status
				}
			}
			status, listed := want[filepath.Base(file)]
			switch {
			case !listed:
				empty := strings.Contains(file, "empty")
				if worst != Complete || strings.Contains(allText(d), cardNumber) == empty {
					t.Errorf("%v, without the number: %.200q", outline(d), allText(d))
				}
			case worst != status:
				t.Errorf("%v, not %s", outline(d), status)
			}
			if (status == Protected) != (d.Encryption != "") {
				t.Errorf("encryption: %q", d.Encryption)
			}
		})
	}
}

func TestCompressedFiles(t *testing.T) {
	var ball bytes.Buffer
	w := tar.NewWriter(&ball)
	for _, name := range []string{"a.txt", "b.txt"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(cardNumber)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(cardNumber)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	csv := gzipped(t, "", "a,"+cardNumber)
	for _, c := range []struct {
		name    string
		content []byte
		as      string
		want    []string
	}{
		{"named by its file", csv, "x.csv.gz", []string{"complete", "x.csv complete"}},
		{"named within", gzipped(t, "in.csv", "a,b"), "", []string{"complete", "in.csv complete"}},
		{"both names", gzipped(t, "in.csv", "a,b"), "x.txt.gz", []string{"complete", "x.txt complete"}},
		{"without a name", csv, "", []string{"complete", "member 1 complete"}},
		{"a ball", gzipped(t, "", ball.String()), "x.tgz", []string{"complete", "x.tar complete", "x.tar/a.txt complete", "x.tar/b.txt complete"}},
		{"several parts", append(gzipped(t, "a", "4111 1111 "), gzipped(t, "b", "1111 1111")...), "a.gz", []string{"complete", "a complete"}},
		{"content behind", append(slices.Clip(csv), "PK garbage"...), "a.gz", []string{"complete (content behind the end of a compressed file)", "a complete"}},
		{"padding behind", append(slices.Clip(csv), make([]byte, 600)...), "a.gz", []string{"complete", "a complete"}},
		{"cut off", csv[:len(csv)-12], "a.gz", []string{"corrupt", "a corrupt"}},
		{"without its head", []byte("\x1f\x8b\x08\xff\xff"), "a.gz", []string{"corrupt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(string(c.content), Hint{Name: c.as})
			checkDocument(t, d, DefaultLimits)
			if diff := cmp.Diff(c.want, outline(d)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of a member that is plain text only as much is decompressed as the limit of
// characters can need; of others, up to a limit of size.
func TestLargeMembers(t *testing.T) {
	line := strings.Repeat("All is well with order "+cardNumber+" of today. ", 20) + "\n"
	text := strings.Repeat(line, 40000) // 40 MB
	packed := zipped(t, "a.txt: "+text)
	b := NewBudget(Limits{})
	d := Read(context.Background(), packed, Hint{}, b)
	if len(d.Members) != 1 || d.Members[0].Status != Truncated || d.Members[0].Characters != DefaultLimits.Characters {
		t.Fatalf("%v", outline(d))
	}
	if n := b.Spent().Inflated; n > 5*int64(DefaultLimits.Characters) {
		t.Errorf("%d octets of plain text were decompressed", n)
	}
	for name, lim := range map[string]Limits{"octets": {Inflated: 1 << 20}, "members": {Members: 1}, "nesting": {Nesting: 1}} {
		d := Extract(context.Background(), zipped(t, "a.html: <p>"+text[:2<<20], "b.html: <p>x"), Hint{}, lim)
		if d.Status != Truncated {
			t.Errorf("%s: %v", name, outline(d))
		}
	}
}

// A claim costs no memory: the size of a dictionary, of a directory, of a member.
func TestClaims(t *testing.T) {
	sevenzip := func(header string) string {
		b := append([]byte(magic7z), 0, 4)
		var start []byte
		start = binary.LittleEndian.AppendUint64(start, 0)
		start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
		start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE([]byte(header)))
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(start))
		return string(append(b, start...)) + header
	}
	for name, content := range map[string]string{
		"7z with 4 billion files":            sevenzip("\x01\x05\xf0\xff\xff\xff\xff\x00\x00"),
		"7z with 4 billion streams and sums": sevenzip("\x01\x04\x06\x00\xf0\xff\xff\xff\xff\x0a\x01\x00"),
		"7z with 4 billion coders":           sevenzip("\x01\x04\x06\x00\x01\x09\x01\x00\x07\x0b\x01\x00\xf0\xff\xff\xff\xff"),
		"7z with a block of 4 billion files": sevenzip("\x01\x04\x06\x00\x01\x09\x01\x00\x07\x0b\x01\x00\x01\x01\x00\x0c\x01\x00\x08\x0d\xf0\xff\xff\xff\xff\x00"),
		"LZMA with a dictionary of 4 GB":     "\x5d\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00abcdefgh",
		"tar with a file of an exabyte":      tarHeaderOf("a.txt", 1<<60),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d := extract(content, Hint{})
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; d.Status == Complete || n > 32<<20 {
				t.Errorf("%v with %d octets of memory", outline(d), n)
			}
		})
	}
}

func tarHeaderOf(name string, size int64) string {
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o644}); err != nil {
		panic(err)
	}
	return b.String() + strings.Repeat("x", tarBlock)
}

func TestManyMembersOfACompressedFile(t *testing.T) {
	var b bytes.Buffer
	for range 20_000 {
		b.Write([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	}
	b.Write(gzipped(t, "", cardNumber))
	if d := extract(b.String(), Hint{}); !strings.Contains(allText(d), cardNumber) {
		t.Errorf("%v", outline(d))
	}
}

func TestTarDamage(t *testing.T) {
	whole := tarHeaderOf("a.txt", 5)
	damaged := bytes.Replace([]byte(tarHeaderOf("b.txt", 5)), []byte("ustar"), []byte("XXXXX"), 1)
	d := extract(whole+string(damaged)+tarHeaderOf("c.txt", 5), Hint{})
	if d.Status != Corrupt || !slices.Contains(outline(d), "c.txt complete") {
		t.Errorf("behind damage: %v", outline(d))
	}
}

// What a program of another kind made of keys and secrets is told by its
// structure.
func TestKeys(t *testing.T) {
	for _, c := range []struct{ name, content, mediaType, encryption string }{
		{"PGP message in letters", "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n", "application/pgp-encrypted", "encrypted with OpenPGP"},
		{"PGP key in letters", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP PUBLIC KEY BLOCK-----\n", "application/pgp-keys", ""},
		{"PGP signature", "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n", "application/pgp-signature", ""},
		{"private key", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n", "application/x-pem-file", ""},
		{"certificate behind text", "subject=CN=a\n-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n", "application/x-pem-file", ""},
		{"encrypted private key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----\n", "application/x-pem-file", "an encrypted private key"},
		{"PGP message", "\x85\x00\x0c\x03ABCDEFGH\x01\x02\x03\xd2\x05\x01abcd", "application/pgp-encrypted", "encrypted with OpenPGP"},
		{"PGP message under a password", "\xc3\x04\x04\x09\x00\x08\xd2\x0a\x01\x80bcdefghi", "application/pgp-encrypted", "encrypted with OpenPGP"},
		{"PKCS #12", "\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80", "application/x-pkcs12", "a store of keys (PKCS #12)"},
		{"signed text is text", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n-----BEGIN PGP SIGNATURE-----\n", "text/plain", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{})
			checkDocument(t, d, DefaultLimits)
			if d.MediaType != c.mediaType || d.Encryption != c.encryption {
				t.Errorf("%s, %q", d.MediaType, d.Encryption)
			}
			if strings.HasPrefix(c.content, "-----") && d.Text != c.content {
				t.Errorf("text %q", d.Text)
			}
		})
	}
}

func BenchmarkArchives(b *testing.B) {
	var text strings.Builder
	for i := 0; text.Len() < 1<<20; i++ {
		fmt.Fprintf(&text, "Order %d of customer %x pays with the card %s on day %d.\n", i, i*7919, cardNumber, i%365)
	}
	var ball bytes.Buffer
	w := tar.NewWriter(&ball)
	for i := range 10 {
		part := text.String()[i*100_000:][:100_000]
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.txt", i), Size: int64(len(part)), Mode: 0o644}); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write([]byte(part)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"zip": zipped(b, "a.txt: "+text.String()),
		"gz":  gzipped(b, "a.txt", text.String()),
		"tar": ball.Bytes(),
		"tgz": gzipped(b, "a.tar", ball.String()),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(1 << 20) // of text
			b.ReportAllocs()
			for b.Loop() {
				if d := extract(string(content), Hint{}); len(unread(d)) > 0 {
					b.Fatal(outline(d))
				}
			}
		})
	}
}

func FuzzArchive(f *testing.F) {
	for _, pattern := range []string{"testdata/archives/*", "testdata/samples/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(content) < 12<<10 {
				f.Add(content)
			}
		}
	}
	f.Add(append(stored("hidden.txt", cardNumber), zipped(f, "a.txt: x")...))
	f.Fuzz(func(t *testing.T, content []byte) {
		lim := Limits{Characters: 10_000, Inflated: 1 << 20, Members: 50}
		checkDocument(t, Extract(context.Background(), content, Hint{}, lim), lim)
	})
}

// Files of a solid block come one behind the other: what is left of one counts
// against the limits before the next is read.
func TestSolidBlockBehindALargeFile(t *testing.T) {
	content, err := os.ReadFile("testdata/archives/7z-LZMA2.7z")
	if err != nil {
		t.Fatal(err)
	}
	d := Extract(context.Background(), content, Hint{}, Limits{Characters: 1000})
	if len(d.Members) != 2 || d.Members[0].Status != Truncated || d.Members[1].Status != Complete {
		t.Errorf("with few characters: %v", outline(d))
	}
	d = Extract(context.Background(), content, Hint{}, Limits{Inflated: 70_000})
	if d.Status != Truncated || len(d.Members) == 0 || d.Members[len(d.Members)-1].Status != Truncated {
		t.Errorf("with few octets: %v", outline(d))
	}
}

// bitWriter writes bits as LZX has them: in words of 16, the most significant
// first.
type bitWriter struct {
	out  []byte
	bits uint64
	n    uint
}

func (w *bitWriter) write(v, n uint) {
	w.bits = w.bits<<n | uint64(v)
	for w.n += n; w.n >= 16; w.n -= 16 {
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(w.bits>>(w.n-16)))
	}
}

// lzxBlock compresses a text to literals of eight bits each.
func lzxBlock(text string) []byte {
	var w bitWriter
	w.write(0, 1) // no calls
	w.write(1, 3) // a block without aligned offsets
	w.write(uint(len(text)>>8), 16)
	w.write(uint(len(text)&0xff), 8)
	tree := func(symbol uint) { // a code of two: the symbol, and a run of 20 to 51 zeros
		for i := range uint(20) {
			if i == symbol || i == 18 {
				w.write(1, 4)
			} else {
				w.write(0, 4)
			}
		}
	}
	tree(9) // 8 less than nothing
	for range 256 {
		w.write(0, 1)
	}
	zeros := func(n int) { // of 30 slots of 8, or of 249 lengths
		tree(0)
		for ; n >= 20; n -= 51 {
			w.write(1, 1)
			w.write(uint(min(n, 51)-20), 5)
		}
		for ; n > 0; n-- {
			w.write(0, 1)
		}
	}
	zeros(240)
	zeros(249)
	for i := range len(text) {
		w.write(uint(text[i]), 8)
	}
	w.write(0, 16)
	return w.out
}

func cabinet(method uint16, block []byte, name, text string) string {
	le := binary.LittleEndian
	var b []byte
	b = append(b, magicCab...)
	files := 36 + 8
	data := files + 16 + len(name) + 1
	b = le.AppendUint32(b, uint32(data+8+len(block)))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(files))
	b = le.AppendUint32(b, 0)
	b = append(b, 3, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint32(b, uint32(data))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, method)
	b = le.AppendUint32(b, uint32(len(text)))
	b = append(b, make([]byte, 12)...)
	b = append(append(b, name...), 0)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, uint16(len(block)))
	b = le.AppendUint16(b, uint16(len(text)))
	return string(append(b, block...))
}

func TestCabinetCompressions(t *testing.T) {
	text := strings.Repeat("An order with the card "+cardNumber+" of today.\n", 20)
	lzx := lzxBlock(text)
	for _, c := range []struct {
		name   string
		method uint16
		block  []byte
		want   Status
	}{
		{"stored", 0, []byte(text), Complete},
		{"LZX", 15<<8 | 3, lzx, Complete},
		{"LZX with a window that cannot be", 30<<8 | 3, lzx, Unsupported},
		{"LZX, cut off", 15<<8 | 3, lzx[:len(lzx)/2], Corrupt},
		{"MSZIP that is none", 1, []byte(text), Corrupt},
		{"Quantum", 15<<8 | 2, lzx, Unsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(cabinet(c.method, c.block, "a.txt", text), Hint{})
			if len(d.Members) != 1 || d.Members[0].Status != c.want {
				t.Fatalf("%v", outline(d))
			}
			if c.want == Complete && d.Members[0].Text != text {
				t.Errorf("text %q", d.Members[0].Text)
			}
		})
	}
}

// Methods of compression that archivers of today offer.
func TestZipMethods(t *testing.T) {
	text := strings.Repeat("x", 100_000) + cardNumber
	for method, compress := range map[uint16]func(io.Writer) (io.WriteCloser, error){
		methodZstd: func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
		methodXZ:   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	} {
		var packed, b bytes.Buffer
		c, err := compress(&packed)
		if err == nil {
			_, err = io.WriteString(c, text)
		}
		if err != nil || c.Close() != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(&b)
		w, err := z.CreateRaw(&zip.FileHeader{Name: "a.txt", Method: method, CRC32: crc32.ChecksumIEEE([]byte(text)),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(text))})
		if err == nil {
			_, err = w.Write(packed.Bytes())
		}
		if err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		if d := extract(b.String(), Hint{}); len(unread(d)) > 0 || !strings.Contains(allText(d), cardNumber) {
			t.Errorf("method %d: %v", method, outline(d))
		}
	}
}
