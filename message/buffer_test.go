package message

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func fill(t *testing.T, b *Buffer, n int) []byte {
	t.Helper()
	want := bytes.Repeat([]byte("0123456789abcdef"), n/16)
	for rest := want; len(rest) > 0; {
		k := min(len(rest), 5000)
		if _, err := b.Write(rest[:k]); err != nil {
			t.Fatal(err)
		}
		rest = rest[k:]
	}
	return want
}

func TestBufferKeepsWhatIsWritten(t *testing.T) {
	for _, c := range []struct {
		name   string
		budget *Budget
		size   int
	}{
		{"unlimited", nil, 1 << 20},
		{"within the budget", NewBudget(1<<20, t.TempDir()), 100_000},
		{"beyond the budget", NewBudget(64<<10, t.TempDir()), 1 << 20},
		{"no memory at all", &Budget{dir: t.TempDir()}, 100_000},
		{"empty", NewBudget(0, t.TempDir()), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.budget.NewBuffer()
			want := fill(t, b, c.size)
			if b.Len() != int64(len(want)) {
				t.Errorf("length %d, not %d", b.Len(), len(want))
			}
			if spooled := c.budget.Spooled(); b.file != nil && spooled != b.Len() || b.file == nil && spooled != 0 {
				t.Errorf("%d octets are in files, of %d", spooled, b.Len())
			}
			got, err := b.Bytes()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the octets differ (%v)", err)
			}
			if _, err := b.Write([]byte("x")); err == nil {
				t.Error("a buffer that was read can be written")
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if err := b.Close(); err != nil {
				t.Errorf("closed twice: %v", err)
			}
			if used, spooled := c.budget.Used(), c.budget.Spooled(); used != 0 || spooled != 0 {
				t.Errorf("%d octets of memory and %d of files are not given back", used, spooled)
			}
		})
	}
}

func TestSpoolLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	b := NewBudget(0, dir).NewBuffer()
	defer b.Close()
	fill(t, b, 100_000)
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%d files have names", len(files))
	}
}

func TestNeitherMemoryNorDisk(t *testing.T) {
	budget := NewBudget(32<<10, filepath.Join(t.TempDir(), "missing"))
	if err := budget.Check(); err == nil {
		t.Error("a new message can be taken")
	}
	b := budget.NewBuffer()
	defer b.Close()
	var err error
	for range 10 {
		if _, e := b.Write(make([]byte, 8<<10)); e != nil {
			err = e
		}
	}
	if err == nil {
		t.Fatal("no write failed")
	}
	if _, e := b.Bytes(); e == nil {
		t.Error("a buffer that lost octets can be read")
	}
}

func TestCheckWithRoom(t *testing.T) {
	for name, budget := range map[string]*Budget{
		"unlimited": nil, "memory": NewBudget(8<<20, "/nonexistent"), "disk": NewBudget(0, t.TempDir()),
	} {
		if err := budget.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBudgetIsShared(t *testing.T) {
	budget := NewBudget(256<<10, t.TempDir())
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 20 {
				b := budget.NewBuffer()
				fill(t, b, 48<<10)
				if used := budget.Used(); used > 256<<10+16*256<<10 {
					t.Errorf("%d octets are taken", used)
				}
				b.Bytes()
				b.Close()
			}
		})
	}
	group.Wait()
	if used := budget.Used(); used != 0 {
		t.Errorf("%d octets are not given back", used)
	}
}
