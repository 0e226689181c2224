package export

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.UTC)

func line(n int64, data string) Line {
	return Line{Number: n, Time: at, Operation: "DlpRuleMatch", Reference: "P-7K3M9Q", QueueID: "4F8C7F", Chain: "0a1b2c/2026-03/1/" + strings.Repeat("ab", 32), Data: []byte(data)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sent sends lines, all of which must be taken unless there is an error.
func sent(target Target, lines ...Line) error {
	n, err := target.Send(context.Background(), lines)
	if err == nil && n != len(lines) {
		err = fmt.Errorf("%d of %d lines are taken", n, len(lines))
	}
	return err
}

func TestLine(t *testing.T) {
	for data, want := range map[string]string{
		`{"Id":"1"}`:     `{"Id":"1","RecordNumber":7,"Chain":"c"}`,
		"{\"a\":1 \n}\n": `{"a":1,"RecordNumber":7,"Chain":"c"}`,
		`{}`:             `{"RecordNumber":7,"Chain":"c"}`,
		`[1]`:            `{"Record":[1],"RecordNumber":7,"Chain":"c"}`,
	} {
		if got := string(Line{Number: 7, Chain: "c", Data: []byte(data)}.JSON()); got != want {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
	}
	if got := string(Line{Number: 7, Data: []byte(`{}`)}.JSON()); got != `{"RecordNumber":7}` {
		t.Errorf("an older record: %s", got)
	}
}

// A file that was rotated or taken away is made anew, and a torn line is ended.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	f := NewFile(path)
	defer f.Close()
	send := func(n int64) { t.Helper(); must(t, sent(f, line(n, "{}"), line(n+1, "{}"))) }
	numbers := func(path string) (all []int64) {
		t.Helper()
		data, err := os.ReadFile(path)
		must(t, err)
		for l := range strings.Lines(string(data)) {
			var r struct{ RecordNumber int64 }
			if json.Unmarshal([]byte(l), &r) == nil {
				all = append(all, r.RecordNumber)
			}
		}
		return all
	}
	send(1)
	must(t, os.Rename(path, path+".1"))
	send(3)
	must(t, os.Remove(path))
	send(5)
	must(t, f.Close())
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = torn.WriteString(`{"half":`)
	must(t, errors.Join(err, torn.Close()))
	send(7)
	if got := numbers(path + ".1"); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("the rotated file has %v", got)
	}
	if got := numbers(path); !slices.Equal(got, []int64{5, 6, 7, 8}) {
		t.Errorf("the new file has %v", got)
	}
	st, err := os.Stat(path)
	must(t, err)
	if st.Mode().Perm()&0o007 != 0 {
		t.Errorf("everybody may read it: %v", st.Mode())
	}
}

// A pipe keeps nobody waiting, with a reader or without: records go to files only.
func TestFileIsRegular(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(path, 0o600))
	for _, path := range []string{path, os.DevNull, t.TempDir()} {
		if err := sent(NewFile(path), line(1, "{}")); err == nil {
			t.Errorf("%s is taken", path)
		}
	}
}

// entry is a message as a receiver reads it, by the grammar of RFC 5424.
type entry struct {
	priority                             int
	time                                 time.Time
	hostname, appName, procID, messageID string
	data                                 map[string]string
	mark                                 bool
	text                                 string
}

// parseSyslog reads a message strictly.
func parseSyslog(m string) (e entry, err error) {
	bad := func(what string) (entry, error) { return e, fmt.Errorf("%s in %q", what, m) }
	head, rest, ok := strings.Cut(strings.TrimPrefix(m, "<"), ">1 ")
	if !ok || m[0] != '<' {
		return bad("no priority")
	}
	if e.priority, err = strconv.Atoi(head); err != nil || e.priority > 191 {
		return bad("priority")
	}
	for i, into := range []*string{new(string), &e.hostname, &e.appName, &e.procID, &e.messageID} {
		var field string
		if field, rest, ok = strings.Cut(rest, " "); !ok || field == "" || len(field) > []int{32, 255, 48, 128, 32}[i] {
			return bad("a field of the header")
		}
		for _, c := range []byte(field) {
			if c < 33 || c > 126 {
				return bad("an octet of the header")
			}
		}
		*into = field
		if i == 0 {
			if e.time, err = time.Parse("2006-01-02T15:04:05.999999Z", field); err != nil {
				return bad("the time")
			}
		}
	}
	if !strings.HasPrefix(rest, "[postern@32473") {
		return bad("no structured data")
	}
	rest = rest[len("[postern@32473"):]
	e.data = map[string]string{}
	for !strings.HasPrefix(rest, "]") {
		name, after, ok := strings.Cut(rest, `="`)
		if !ok || !strings.HasPrefix(name, " ") || strings.ContainsAny(name[1:], ` ="]`) {
			return bad("a parameter")
		}
		var value strings.Builder
		i := 0
		for ; i < len(after) && after[i] != '"'; i++ {
			if after[i] == '\\' {
				i++
			} else if after[i] == ']' || after[i] < ' ' {
				return bad("an octet of a value")
			}
			if i < len(after) {
				value.WriteByte(after[i])
			}
		}
		if i >= len(after) {
			return bad("the end of a value")
		}
		e.data[name[1:]], rest = value.String(), after[i+1:]
	}
	rest, ok = strings.CutPrefix(rest, "] ")
	if !ok {
		return bad("no text")
	}
	e.text, e.mark = strings.CutPrefix(rest, "\ufeff")
	ascii := true
	for i, r := range e.text {
		ascii = ascii && r < utf8.RuneSelf
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError && !strings.HasPrefix(e.text[i:], "\ufffd") {
			return bad("a control character, or no UTF-8")
		}
	}
	if e.mark == ascii {
		return bad("the mark of UTF-8")
	}
	if !json.Valid([]byte(e.text)) {
		return bad("no JSON")
	}
	return e, nil
}

func TestSyslogMessage(t *testing.T) {
	o := SyslogOptions{Facility: Facilities["local3"], Hostname: "mx 1.example.com\n", ProcID: "42", Length: 1000}
	long := `{"Id":"1","Operation":"DlpRuleMatch","Reference":"P-1","Explain":{"a":"` + strings.Repeat("x", 900) + `"},"Subject":"kept"}`
	longer := `{"Id":"1","Operation":"DlpRuleMatch","Odd":"` + strings.Repeat("ä", 900) + `","Reference":"P-1"}`
	for _, test := range []struct {
		name string
		line Line
		text string
		data map[string]string
	}{
		{"plain", line(7, `{"Id":"1"}`), `{"Id":"1"}`, map[string]string{"number": "7", "reference": "P-7K3M9Q", "queueId": "4F8C7F", "chain": "0a1b2c/2026-03/1/" + strings.Repeat("ab", 32)}},
		{"more than ASCII", Line{Number: 1, Time: at, Operation: "X", Data: []byte(`{"Subject":"Löhne"}`)}, `{"Subject":"Löhne"}`, map[string]string{"number": "1"}},
		{"signs", Line{Number: 1, Time: at, QueueID: `a"b\c]d` + "\x1b\n", Data: []byte("{\"a\":\n\"\u0085\u2028\x7f\"}")},
			`{"a": "\u0085\u2028\u007f"}`, map[string]string{"number": "1", "queueId": `a"b\c]d??`}},
		{"without its explanation", Line{Number: 1, Time: at, Data: []byte(long)},
			`{"Id":"1","Operation":"DlpRuleMatch","Reference":"P-1","Subject":"kept","Truncated":true}`, map[string]string{"number": "1"}},
		{"of which only the core fits", Line{Number: 1, Time: at, Data: []byte(longer)},
			`{"Id":"1","Operation":"DlpRuleMatch","Reference":"P-1","Truncated":true}`, map[string]string{"number": "1"}},
	} {
		m := string(o.Message(test.line))
		e, err := parseSyslog(m)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if e.text != test.text || fmt.Sprint(e.data) != fmt.Sprint(test.data) || !e.time.Equal(at.Truncate(time.Microsecond)) ||
			e.hostname != "mx1.example.com" || e.appName != "postern" || e.procID != "42" || e.priority>>3 != 19 || len(m) > 1000 {
			t.Errorf("%s: %+v", test.name, e)
		}
	}
	if e, err := parseSyslog(string(o.Message(Line{Time: at, Operation: "MessageFailed", Data: []byte("{}")}))); err != nil || e.priority&7 != 4 || e.messageID != "MessageFailed" {
		t.Errorf("a failure: %+v %v", e, err)
	}
}

// Whatever stands in a record, the message is one that a receiver can read, and not
// too long.
func FuzzSyslogMessage(f *testing.F) {
	f.Add(`{"a":"b]\"\\"}`, "P-1", "Q1", 480)
	f.Add("{\"Explain\":\"\u0085\u2028ä\"}", "]\"\x00", "\xff", 600)
	f.Fuzz(func(t *testing.T, data, reference, queue string, length int) {
		if !json.Valid([]byte(data)) || !utf8.ValidString(data) || !strings.HasPrefix(strings.TrimSpace(data), "{") {
			return
		}
		o := SyslogOptions{Hostname: queue, ProcID: reference, Facility: 1, Length: max(MinLength, length%2000)}
		m := o.Message(Line{Number: 1, Time: at, Operation: reference, Reference: reference, QueueID: queue, Data: []byte(data)})
		if _, err := parseSyslog(string(m)); err != nil {
			t.Fatal(err)
		}
		if len(m) > o.Length+400 {
			t.Fatalf("%d octets", len(m))
		}
	})
}

// readCounted reads messages with octet counting until the stream ends.
func readCounted(r io.Reader, each func(string)) {
	in := bufio.NewReader(r)
	for {
		head, err := in.ReadString(' ')
		n, notNumber := strconv.Atoi(strings.TrimSuffix(head, " "))
		if err != nil || notNumber != nil {
			return
		}
		m := make([]byte, n)
		if _, err := io.ReadFull(in, m); err != nil {
			return
		}
		each(string(m))
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}

func TestSyslogTransports(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS() // for its certificate
	certificate, roots := server.TLS.Certificates[0], server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	server.Close()
	for _, network := range []string{"tcp", "tls", "udp", "unix"} {
		t.Run(network, func(t *testing.T) {
			var mu sync.Mutex
			var got []string
			add := func(m string) { mu.Lock(); got = append(got, m); mu.Unlock() }
			o := SyslogOptions{Network: network, Hostname: "mx", ProcID: "1", Length: DefaultLength}
			var conns atomic.Int64
			var kick atomic.Pointer[net.Conn]
			switch network {
			case "tcp", "tls":
				l, err := net.Listen("tcp", "127.0.0.1:0")
				must(t, err)
				o.Address = l.Addr().String()
				if network == "tls" {
					l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}})
					o.TLS = &tls.Config{RootCAs: roots, ServerName: "example.com"}
				}
				defer l.Close()
				go func() {
					for {
						c, err := l.Accept()
						if err != nil {
							return
						}
						conns.Add(1)
						kick.Store(&c)
						go readCounted(c, add)
					}
				}()
			default:
				address := "127.0.0.1:0"
				listen := "udp"
				if network == "unix" {
					listen, address = "unixgram", filepath.Join(t.TempDir(), "log")
				}
				p, err := net.ListenPacket(listen, address)
				must(t, err)
				defer p.Close()
				o.Address = p.LocalAddr().String()
				go func() {
					b := make([]byte, 65536)
					for {
						n, _, err := p.ReadFrom(b)
						if err != nil {
							return
						}
						add(string(b[:n]))
					}
				}()
			}
			s := NewSyslog(o)
			defer s.Close()
			received := func() int { mu.Lock(); defer mu.Unlock(); return len(got) }
			for n := int64(1); n <= 5; n++ {
				must(t, sent(s, line(n, `{"Id":"ä"}`)))
			}
			eventually(t, "five messages", func() bool { return received() == 5 })
			if c := kick.Load(); c != nil {
				must(t, (*c).Close())
				eventually(t, "the end of the connection", s.gone.Load)
				must(t, sent(s, line(6, "{}")))
				eventually(t, "a message by another connection", func() bool { return received() == 6 })
				if conns.Load() != 2 {
					t.Errorf("%d connections", conns.Load())
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i, m := range got {
				if e, err := parseSyslog(m); err != nil || e.data["number"] != strconv.Itoa(i+1) {
					t.Errorf("message %d: %v", i, err)
				}
			}
		})
	}
	if err := sent(NewSyslog(SyslogOptions{Network: "tcp", Address: "127.0.0.1:1"}), line(1, "{}")); err == nil {
		t.Error("nobody listens, and it was sent")
	}
}

func TestWebhookIsSigned(t *testing.T) {
	secret := []byte("sixteen octets!!")
	var bodies []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		stamp := r.Header.Get("Postern-Timestamp")
		if r.Header.Get("Postern-Signature") != "v1="+Signature(secret, stamp, body) || stamp != strconv.FormatInt(at.Unix(), 10) ||
			r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodPost {
			t.Errorf("headers %v", r.Header)
		}
		bodies = append(bodies, r.Header.Get("Postern-Delivery")+" "+string(body))
	}))
	defer server.Close()
	w := NewWebhook(WebhookOptions{URL: server.URL, Secret: secret, Private: true, TLS: server.Client().Transport.(*http.Transport).TLSClientConfig, Now: func() time.Time { return at }})
	defer w.Close()
	var lines []Line
	for n := int64(1); n <= 250; n++ {
		lines = append(lines, line(n, "{}"))
	}
	lines[120].Data = []byte(`{"a":"` + strings.Repeat("x", requestOctets) + `"}`)
	must(t, sent(w, lines...))
	var got []string
	count := 0
	for _, b := range bodies {
		name, body, _ := strings.Cut(b, " ")
		got = append(got, name)
		var r struct {
			Records []struct{ RecordNumber int64 }
		}
		must(t, json.Unmarshal([]byte(body), &r))
		for _, x := range r.Records {
			if count++; x.RecordNumber != int64(count) {
				t.Errorf("record %d comes as number %d", x.RecordNumber, count)
			}
		}
	}
	if want := []string{"1-100", "101-120", "121-121", "122-221", "222-250"}; !slices.Equal(got, want) || count != 250 {
		t.Errorf("requests %v, want %v; %d records", got, want, count)
	}
	// The signature of a known text, by another program: printf '1772442000.{}' | openssl dgst -sha256 -hmac secret
	if got := Signature([]byte("secret"), "1772442000", []byte("{}")); len(got) != 64 || got == Signature([]byte("secret"), "1772442001", []byte("{}")) ||
		got == Signature([]byte("secreT"), "1772442000", []byte("{}")) {
		t.Errorf("signature %s", got)
	}
}

// Redirects are not followed, and neither this machine nor a private network is
// asked, whatever a name is resolved to.
func TestWebhookGoesNowhereElse(t *testing.T) {
	var asked atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer inner.Close()
	outer := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusTemporaryRedirect))
	defer outer.Close()
	err := sent(NewWebhook(WebhookOptions{URL: outer.URL, Private: true}), line(1, "{}"))
	if err == nil || !strings.Contains(err.Error(), "redirects are not followed") {
		t.Errorf("a redirect: %v", err)
	}
	port := strings.TrimPrefix(inner.URL, "http://127.0.0.1")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		err := sent(NewWebhook(WebhookOptions{URL: "http://" + host + port}), line(1, "{}"))
		if err == nil {
			t.Errorf("%s was asked", host)
		}
		if host == "127.0.0.1" && !errors.Is(err, errPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("asked %d times", asked.Load())
	}
	for address, want := range map[string]bool{
		"203.0.113.7": true, "8.8.8.8": true, "2a00:1450::1": true, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "0.1.2.3": false, "fe80::1": false,
		"fd00::1": false, "64:ff9b::7f00:1": false, "::ffff:10.0.0.1": false, "ff02::1": false, "2002:7f00:1::": false, "::": false,
		"fec0::1": false, "::10.0.0.1": false,
	} {
		if Public(netip.MustParseAddr(address)) != want {
			t.Errorf("%s: public is %v", address, !want)
		}
	}
}

// memory is a source for tests.
type memory struct {
	mu      sync.Mutex
	lines   []Line
	cursors map[string]int64
	failing bool
}

func (m *memory) Read(_ context.Context, after int64, limit int) (out []Line, last int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last = after
	for _, l := range m.lines {
		if l.Number > after && len(out) < limit {
			out, last = append(out, l), l.Number
		}
	}
	return out, last, nil
}

func (m *memory) Newest(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.lines)), nil
}

func (m *memory) Cursor(_ context.Context, name string) (int64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.cursors[name]
	return n, ok, nil
}

func (m *memory) SetCursor(_ context.Context, name string, n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing {
		return errors.New("the disk is full")
	}
	m.cursors[name] = n
	return nil
}

func (m *memory) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		l := line(int64(len(m.lines)+1), "{}")
		if len(m.lines)%3 == 2 {
			l.Operation = "RelayResult"
		}
		m.lines = append(m.lines, l)
	}
}

// A server that comes and goes gets every record, in order, and a runner that is
// stopped goes on where it was.
func TestRunnerLosesNothing(t *testing.T) {
	var mu sync.Mutex
	got := map[int64]int{}
	var calls, newest int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var body struct {
			Records []struct{ RecordNumber int64 }
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		if calls++; calls%3 != 0 {
			switch calls % 4 {
			case 0:
				w.WriteHeader(http.StatusServiceUnavailable)
			case 1:
				w.WriteHeader(http.StatusTooManyRequests)
			default:
				panic(http.ErrAbortHandler)
			}
			return
		}
		for _, x := range body.Records {
			if got[x.RecordNumber]++; got[x.RecordNumber] == 1 {
				if x.RecordNumber < newest {
					t.Errorf("record %d comes after %d", x.RecordNumber, newest)
				}
				newest = x.RecordNumber
			}
		}
	}))
	defer server.Close()
	source := &memory{cursors: map[string]int64{}}
	source.add(5) // from before the target was there
	var lags, recoveries atomic.Int64
	start := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		r := NewRunner(Options{
			Name: "hook", Source: source, Target: NewWebhook(WebhookOptions{URL: server.URL, Private: true, Secret: []byte("x")}),
			Wanted: func(op string) bool { return op != "RelayResult" }, Late: time.Nanosecond, Poll: time.Millisecond, Backoff: time.Millisecond,
			Told: func(l Lag) {
				if l.Err != nil {
					lags.Add(1)
				} else {
					recoveries.Add(1)
				}
			},
		})
		go func() { r.Run(ctx); close(done) }()
		eventually(t, "a cursor", func() bool { _, known, _ := source.Cursor(ctx, "hook"); return known })
		return func() { cancel(); <-done }
	}
	for range 4 {
		stop := start()
		source.add(700)
		want, _ := source.Newest(t.Context())
		eventually(t, "all records", func() bool { n, _, _ := source.Cursor(t.Context(), "hook"); return n == want })
		stop()
	}
	mu.Lock()
	defer mu.Unlock()
	for _, l := range source.lines {
		want := l.Number > 5 && l.Operation != "RelayResult"
		if (got[l.Number] > 0) != want {
			t.Errorf("record %d, %s: sent %d times", l.Number, l.Operation, got[l.Number])
		}
	}
	if lags.Load() == 0 || recoveries.Load() == 0 {
		t.Errorf("%d lags were told, %d recoveries", lags.Load(), recoveries.Load())
	}
}

// A target that is new can be given what is kept from before.
func TestRunnerBacklog(t *testing.T) {
	source := &memory{cursors: map[string]int64{}}
	source.add(3)
	path := filepath.Join(t.TempDir(), "all.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := NewRunner(Options{Name: "file", Source: source, Target: NewFile(path), Backlog: true, Poll: time.Millisecond})
	go r.Run(ctx)
	eventually(t, "three lines", func() bool {
		data, _ := os.ReadFile(path)
		sent, lag := r.State()
		return strings.Count(string(data), "\n") == 3 && sent == 3 && lag.Since.IsZero()
	})
}
