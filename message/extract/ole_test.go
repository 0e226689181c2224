package extract

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// storage makes a storage of a compound file: of storages and streams.
func storage(name string, children ...*cfbNode) *cfbNode {
	return &cfbNode{file: &cfb{r: &reader{left: NewBudget(DefaultLimits)}}, name: name, storage: true, children: children}
}

func stream(name, content string) *cfbNode {
	return &cfbNode{name: name, octets: []byte(content), loaded: true, size: int64(len(content))}
}

func compoundFile(children ...*cfbNode) string {
	return string(storage("Root Entry", children...).cfbFile())
}

func lengthBefore(s string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// packagedText is an Ole10Native stream with a file.
func packagedText(name, content string) string {
	return lengthBefore("\x02\x00" + name + "\x00C:\\Users\\Ann\\" + name + "\x00\x00\x00\x03\x00" +
		lengthBefore("C:\\Temp\\"+name+"\x00") + lengthBefore(content))
}

func TestCompoundFile(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 40_000)
	content := compoundFile(stream("small", "s"), stream("large", large), stream("empty", ""),
		storage("in", stream("exact", large[:4096]), storage("deeper", stream("x", "y"))))
	r := NewBudget(DefaultLimits).reader(context.Background(), []byte(content), Hint{}, catalog)
	f := openCFB(r)
	for path, want := range map[string]string{"small": "s", "large": large, "empty": "", "in/exact": large[:4096], "IN/deeper/x": "y", "none": ""} {
		if got := string(f.root.find(strings.Split(path, "/")...).data()); got != want {
			t.Errorf("%s: %d octets, not %d", path, len(got), len(want))
		}
	}
	if f.damaged {
		t.Error("a whole file is called damaged")
	}
}

func TestDamagedCompoundFiles(t *testing.T) {
	content := compoundFile(stream("\x01Ole10Native", packagedText("a.txt", strings.Repeat("Ann 4111\n", 2000))))
	for cut := 0; cut < len(content)-512; cut += 509 {
		d := extract(content[:cut], Hint{})
		checkDocument(t, d, DefaultLimits)
		if cut > 1024 && d.Status == Complete && len(unread(d)) == 0 {
			t.Errorf("cut off after %d octets it is complete", cut)
		}
	}
	// Every sector is said to be followed by itself.
	loop := []byte(content)
	for i := len(loop) - 1024; i < len(loop)-4; i += 4 {
		binary.LittleEndian.PutUint32(loop[i:], 1)
	}
	checkDocument(t, extract(string(loop), Hint{}), DefaultLimits)
}

func TestOLEPackage(t *testing.T) {
	d := extract(compoundFile(stream("\x01Ole10Native", packagedText("a.txt", "Ann 4111")), stream("\x01CompObj", "x")), Hint{Name: "oleObject1.bin"})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Complete || len(d.Members) != 1 || d.Members[0].Names[0] != "a.txt" || d.Members[0].Text != "Ann 4111" {
		t.Errorf("%s %v", d.Status, d.Members)
	}
}

// external files are written by nobody here.
func TestOLEDocumentsOfOthers(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(external, "hostile/ole*"))
	if len(files) == 0 {
		t.Skip("no external documents")
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := extract(string(content), Hint{}); d.Status != Corrupt {
			t.Errorf("%s: %s", filepath.Base(file), d.Status)
		}
	}
}

func FuzzOLE(f *testing.F) {
	fuzzFormat(f, Hint{}, compoundFile(stream("\x01Ole10Native", packagedText("a.txt", "Ann 4111"))),
		compoundFile(stream("WordDocument", strings.Repeat("\xec\xa5\xc1\x00", 300)), stream("1Table", "\x02\x00\x00\x00\x00"), storage("ObjectPool", storage("_1", stream("CONTENTS", "x")))),
		compoundFile(stream("Workbook", "\x09\x08\x10\x00\x00\x06\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")))
}

func extractWithin(content string, lim Limits) Document {
	return Extract(context.Background(), []byte(content), Hint{}, lim)
}

func TestNotesAreReadInPieces(t *testing.T) {
	content := string(oneNoteMagic) + strings.Repeat("\x00", 40) + string(utf16leOf("Приветствие 4111")) + "\x00\x01" + string(oneNoteFile) + little(8, 0, 0, 0, 0) + "Ann 5500" + "\xff\xff"
	d := extract(content, Hint{})
	checkDocument(t, d, DefaultLimits)
	if d.Status != Unsupported || d.Extension != "one" || !strings.Contains(d.Text, "Приветствие 4111") || len(d.Members) != 1 || d.Members[0].Text != "Ann 5500" {
		t.Errorf("%s %s, %q, %v", d.Extension, d.Status, d.Text, d.Members)
	}
}
