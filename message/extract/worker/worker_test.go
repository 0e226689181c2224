package worker

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/postern-mail/postern/message/extract"
)

// Names by which the test starts itself as a worker of another kind.
const (
	oddProgram     = "odd-reader"     // reads as odd does
	garbageProgram = "garbage-reader" // says what is not understood
	deafProgram    = "deaf-reader"    // never says anything
)

func TestMain(m *testing.M) {
	switch os.Args[0] {
	case programName:
		os.Exit(Serve())
	case oddProgram:
		os.Exit(serve(os.Args[1:], odd))
	case garbageProgram:
		os.Exit(garbage())
	case deafProgram:
		<-make(chan struct{})
	}
	goleak.VerifyTestMain(m)
}

// garbage begins well.
func garbage() int {
	if err := writeFrame(os.Stdout, kindHello, hello{[]string{"nothing"}}, nil); err != nil {
		return 1
	}
	if _, err := readFrame(os.Stdin, mostHead, 1<<30); err != nil {
		return 1
	}
	for {
		if _, err := os.Stdout.WriteString("A\x00\x00\x00\x08\x00\x00\x00\x00gibberish and more of it"); err != nil {
			return 1
		}
	}
}

// spins keeps a loop without end from being taken for none.
var spins atomic.Int64

// odd is a reader that content tells to misbehave. The content begins with an
// octet that makes it more than plain text.
func odd(ctx context.Context, content []byte, hint extract.Hint, b *extract.Budget) extract.Document {
	done := func(what string, err error) extract.Document {
		text := what + " works"
		if err != nil {
			text = what + " fails"
		}
		return extract.Document{MediaType: "text/plain", Status: extract.Complete, Text: text, Characters: len(text)}
	}
	switch what := string(content[1:]); what {
	case "die":
		unix.Kill(os.Getpid(), unix.SIGSEGV)
		os.Exit(1)
	case "panic":
		panic("a reader that panics outside of what is caught")
	case "hang":
		for n := int64(0); ; n++ {
			spins.Store(n)
		}
	case "hang idle":
		<-make(chan struct{})
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
			runtime.KeepAlive(all)
		}
	case "recurse":
		return recurse(content, 0)
	case "slow":
		<-ctx.Done()
		d := done("waiting", nil)
		d.Status, d.Detail = extract.Truncated, "the time for reading is over"
		return d
	case "file":
		_, err := os.ReadFile("/proc/self/status")
		return done(what, err)
	case "write":
		return done(what, os.WriteFile(filepath.Join(os.TempDir(), "postern-worker-test"), []byte("x"), 0o600))
	case "network":
		_, err := net.Dial("tcp", "127.0.0.1:9")
		if err != nil && strings.Contains(err.Error(), "refused") {
			err = nil // it was tried
		}
		return done(what, err)
	case "socket":
		_, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return done(what, err)
	case "start":
		return done(what, exec.Command("/bin/true").Run())
	case "kill":
		return done(what, unix.Kill(os.Getppid(), 0))
	case "code":
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return done(what, err)
	case "threads":
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { runtime.LockOSThread() })
		}
		wg.Wait()
		return done(what, nil)
	}
	return extract.Read(ctx, content, hint, b)
}

func recurse(b []byte, n int) extract.Document {
	if n < 0 {
		return extract.Document{Text: string(b)}
	}
	d := recurse(b, n+1)
	d.Size++
	return d
}

// newPool gives a pool of workers of a kind.
func newPool(t testing.TB, o Options, program string) *Pool {
	t.Helper()
	p := New(o)
	p.start = func(ctx context.Context, p *Pool) (*process, error) {
		return start(ctx, p, program, fmt.Sprint(p.o.Memory))
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func read(t testing.TB, p *Pool, within time.Duration, content string) extract.Document {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	d, err := p.Read(ctx, []byte(content), extract.Hint{}, extract.NewBudget(extract.Limits{}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// archive makes a zip archive of files.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// word makes a document of one paragraph.
func word(t testing.TB, text string) []byte {
	return archive(t,
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>`+text+`</w:t></w:r></w:p></w:body></w:document>`)
}

const enough = time.Minute

func TestAWorkerReadsWhatTheProcessReads(t *testing.T) {
	p := newPool(t, Options{}, programName)
	for name, content := range map[string][]byte{
		"a Word document": word(t, "Card 4111 1111 1111 1111"),
		"nothing":         nil,
		"plain text":      []byte("just a text"),
		"other octets":    {0, 1, 2, 3, 4, 5},
		"damaged":         word(t, "Card")[:300],
	} {
		t.Run(name, func(t *testing.T) {
			want, got := extract.NewBudget(extract.Limits{}), extract.NewBudget(extract.Limits{})
			there := extract.Read(t.Context(), content, extract.Hint{Name: "x"}, want)
			here, err := p.Read(t.Context(), content, extract.Hint{Name: "x"}, got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(there, here); diff != "" {
				t.Errorf("(-process +worker):\n%s", diff)
			}
			if diff := cmp.Diff(want.Spent(), got.Spent()); diff != "" {
				t.Errorf("spent (-process +worker):\n%s", diff)
			}
		})
	}
}

func TestPlainTextNeedsNoWorker(t *testing.T) {
	p := New(Options{})
	p.start = func(context.Context, *Pool) (*process, error) { return nil, errors.New("a worker is started") }
	for _, text := range []string{"", "words", "<html><body>words</body></html>"} {
		if d := read(t, p, enough, text); d.Status != extract.Complete {
			t.Errorf("%q: %s, %s", text, d.Status, d.Detail)
		}
	}
	if _, err := p.Read(t.Context(), []byte("\x00\x01"), extract.Hint{}, extract.NewBudget(extract.Limits{})); err == nil {
		t.Error("no error where no worker can be had")
	}
}

// A worker that fails is tried once more with another one, and costs the status of
// its document.
func TestAWorkerThatFailsCostsOneDocument(t *testing.T) {
	tests := []struct {
		content string
		within  time.Duration
		want    extract.Status
		detail  string
		lost    int
	}{
		{"\x00die", enough, extract.Corrupt, detailDied, 2},
		{"\x00panic", enough, extract.Corrupt, detailDied, 2},
		{"\x00eat", enough, extract.Corrupt, detailDied, 2},
		{"\x00recurse", enough, extract.Corrupt, detailDied, 2},
		{"\x00hang", 3 * time.Second, extract.Truncated, detailTime, 1},
		{"\x00hang idle", 3 * time.Second, extract.Truncated, detailTime, 1},
		{"\x00slow", 3 * time.Second, extract.Truncated, detailTime, 0},
	}
	for _, test := range tests {
		t.Run(test.content[1:], func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var lost []string
			p := newPool(t, Options{Workers: 1, Memory: 96 << 20, Lost: func(s string) {
				mu.Lock()
				defer mu.Unlock()
				lost = append(lost, s)
			}}, oddProgram)
			d := read(t, p, test.within, test.content)
			if d.Status != test.want || d.Detail != test.detail {
				t.Errorf("%s, %q; want %s, %q", d.Status, d.Detail, test.want, test.detail)
			}
			mu.Lock()
			if n := p.Stats().Lost; n != int64(len(lost)) {
				t.Errorf("%d are counted as lost of %d", n, len(lost))
			}
			if len(lost) != test.lost {
				t.Errorf("%d workers were lost, want %d: %q", len(lost), test.lost, lost)
			}
			mu.Unlock()
			if d := read(t, p, enough, string(word(t, "next"))); d.Status != extract.Complete || strings.TrimSpace(d.Text) != "next" {
				t.Errorf("the next document: %s, %q", d.Status, d.Text)
			}
		})
	}
}

func TestGarbageIsNoAnswer(t *testing.T) {
	p := newPool(t, Options{}, garbageProgram)
	if d := read(t, p, enough, "\x00x"); d.Status != extract.Corrupt || d.Detail != detailDied {
		t.Errorf("%s, %q", d.Status, d.Detail)
	}
}

func TestNoWorkerIsAnError(t *testing.T) {
	p := newPool(t, Options{}, deafProgram)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if by, err := p.Start(ctx); err == nil {
		t.Errorf("a pool without workers is started: %q", by)
	}
}

func TestCPUTimeIsLimited(t *testing.T) {
	p := newPool(t, Options{}, oddProgram)
	w, err := p.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.drop(w)
	if err := w.allow(0); err != nil {
		t.Fatal(err)
	}
	if err := writeFrame(w.in, kindJob, job{Time: time.Hour}, []byte("\x00hang")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.done:
	case <-time.After(enough):
		t.Error("a worker goes on beyond its CPU time")
	}
}

// What a document does to its reader reaches nothing else.
func TestAWorkerIsConfined(t *testing.T) {
	p := newPool(t, Options{Workers: 1}, oddProgram)
	by, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("in force: %q", by)
	if !slices.Contains(by, "seccomp") {
		t.Skip("the kernel has no seccomp for this machine")
	}
	for _, what := range []string{"file", "write", "network", "socket", "start", "kill", "code"} {
		if d := read(t, p, enough, "\x00"+what); d.Text != what+" fails" {
			t.Errorf("%s: %s, %q", what, d.Status, d.Text+d.Detail)
		}
	}
	if d := read(t, p, enough, "\x00threads"); d.Text != "threads works" {
		t.Errorf("threads: %s, %s", d.Status, d.Detail)
	}
}

func TestWorkersAreUsedAgainAndReplaced(t *testing.T) {
	p := newPool(t, Options{Workers: 1, Documents: 3}, programName)
	pids := map[int]int{}
	for range 7 {
		w, err := p.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pids[w.cmd.Process.Pid]++
		p.put(w)
		read(t, p, enough, "\x00\x01\x02")
	}
	if len(pids) != 3 {
		t.Errorf("%d workers for 7 documents, want 3: %v", len(pids), pids)
	}
	if want, got := (Stats{Workers: 1, Running: 1, Started: 3, Documents: 7}), p.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

// The end of the process is for the pool to tell its workers.
func TestWorkersOutliveTheSignalsOfAServiceManager(t *testing.T) {
	p := newPool(t, Options{Workers: 1, Lost: func(reason string) { t.Error(reason) }}, programName)
	w, err := p.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.put(w)
	for _, s := range []os.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP} {
		if err := w.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if d := read(t, p, enough, string(word(t, "text"))); d.Status != extract.Complete {
		t.Errorf("%s, %s", d.Status, d.Detail)
	}
}

// A worker ends when nobody can ask it any more.
func TestAWorkerEndsWithItsPipe(t *testing.T) {
	p := newPool(t, Options{Workers: 1}, programName)
	w, err := p.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.in.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.done:
	case <-time.After(enough):
		t.Error("it is still there")
	}
	p.drop(w)
}

func TestEightAtOnce(t *testing.T) {
	p := newPool(t, Options{Workers: 2}, oddProgram)
	content := word(t, "text")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 5 {
				b, want := content, extract.Complete
				if (i+j)%4 == 0 {
					b, want = []byte("\x00die"), extract.Corrupt
				}
				d, err := p.Read(t.Context(), b, extract.Hint{}, extract.NewBudget(extract.Limits{}))
				if err != nil || d.Status != want {
					t.Errorf("%s, %v; want %s", d.Status, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// Documents that take long leave their place to others.
func TestSlowDocumentsDoNotKeepOthersWaiting(t *testing.T) {
	p := newPool(t, Options{Workers: 1}, oddProgram)
	p.lanes.after = time.Millisecond
	slow, end := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range slowFactor {
		wg.Go(func() {
			d, err := p.Read(slow, []byte("\x00slow"), extract.Hint{}, extract.NewBudget(extract.Limits{}))
			if err != nil || d.Status != extract.Truncated {
				t.Errorf("slow: %s, %v", d.Status, err)
			}
		})
	}
	for range 3 {
		if d := read(t, p, enough, string(word(t, "quick"))); d.Status != extract.Complete {
			t.Errorf("quick: %s, %s", d.Status, d.Detail)
		}
	}
	end()
	wg.Wait()
}

func TestACancelledReadEndsItsWorker(t *testing.T) {
	p := newPool(t, Options{Workers: 1}, oddProgram)
	w, err := p.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.put(w)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	d, err := p.Read(ctx, []byte("\x00hang"), extract.Hint{}, extract.NewBudget(extract.Limits{}))
	if err != nil || d.Status != extract.Truncated {
		t.Errorf("%s, %v", d.Status, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(w.cmd.Process.Pid, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the worker is still there: %v", err)
	}
}

func TestALargeDocumentIsNotGivenToAWorker(t *testing.T) {
	p := newPool(t, Options{Memory: MinMemory}, programName)
	d := read(t, p, enough, "\x00"+strings.Repeat("x", MinMemory/4))
	if d.Status != extract.Truncated || d.Detail != detailTooLarge {
		t.Errorf("%s, %q", d.Status, d.Detail)
	}
}

// What no format knows is asked for in the process of the pool, from any depth.
func TestFallbackIsAskedInTheProcessOfThePool(t *testing.T) {
	p := newPool(t, Options{}, programName)
	for _, test := range []struct {
		name   string
		err    error
		status extract.Status
		text   string
		detail string
	}{
		{"text", nil, extract.Complete, "Card 4111 1111 1111 1111", ""},
		{"no text", errors.New("nobody knows it"), extract.Unsupported, "", "no extractor knows the format; nobody knows it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := extract.NewBudget(extract.Limits{})
			var asked [][]byte
			b.Fallback = func(_ context.Context, content []byte, mediaType string) (string, error) {
				asked = append(asked, bytes.Clone(content))
				return "Card 4111 1111 1111 1111", test.err
			}
			content := []byte("\x00\x01\x02 unknown")
			d, err := p.Read(t.Context(), content, extract.Hint{}, b)
			if err != nil {
				t.Fatal(err)
			}
			if d.Status != test.status || test.err == nil && d.Text != test.text || d.Detail != test.detail {
				t.Errorf("%s, %q, %q", d.Status, d.Text, d.Detail)
			}
			if len(asked) != 1 || !bytes.Equal(asked[0], content) {
				t.Errorf("asked with %q", asked)
			}
		})
	}
}

func TestAfterCloseNothingIsRead(t *testing.T) {
	p := New(Options{})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(t.Context(), []byte("\x00\x01"), extract.Hint{}, extract.NewBudget(extract.Limits{})); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// Nothing stays behind of workers that ended.
func TestNoProcessesAndNoFilesAreLeft(t *testing.T) {
	count := func() (files, children int) {
		f, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		tasks, err := filepath.Glob("/proc/self/task/*/children")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			if b, err := os.ReadFile(task); err == nil {
				children += len(bytes.Fields(b))
			}
		}
		return len(f), children
	}
	once := func() {
		p := newPool(t, Options{Workers: 2, Documents: 2}, oddProgram)
		for range 3 {
			read(t, p, enough, string(word(t, "x")))
			read(t, p, enough, "\x00die")
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	once() // what is opened once and for all is open now
	files, children := count()
	once()
	if f, c := count(); f > files || c > children {
		t.Errorf("%d files and %d processes, before %d and %d", f, c, files, children)
	}
}
