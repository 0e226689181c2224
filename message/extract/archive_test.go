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
