package extract

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
