package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/milter/miltertest"
)

// journal is a log that tests read while it is written.
type journal struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.data.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.data.String()
}

// events gives the lines of one event.
func (j *journal) events(t *testing.T, event string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(j.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("line %q of the log: %v", line, err)
		}
		if fields["event"] == event {
			out = append(out, fields)
		}
	}
	return out
}

// running is a server in this process.
type running struct {
	dir  string
	log  *journal
	stop context.CancelFunc
	done chan error
}

const servedConfig = `listen: {milter: "unix:m.sock"}
organization: {acceptedDomains: [example.com]}
policies: [policies/*.yaml]
store: {path: store}
`

// startServer serves policies, given by file name, until the test ends.
func startServer(t *testing.T, drain time.Duration, policies map[string]string) *running {
	t.Helper()
	return startConfigured(t, servedConfig, drain, policies)
}

// startConfigured serves policies with a configuration of the test's own.
func startConfigured(t *testing.T, config string, drain time.Duration, policies map[string]string) *running {
	t.Helper()
	dir, err := os.MkdirTemp("", "postern") // the name of the test would make the sockets' paths too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	write(t, filepath.Join(dir, "postern.yaml"), config)
	for name, text := range policies {
		write(t, filepath.Join(dir, "policies", name), text)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{dir: dir, log: &journal{}, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- serve(ctx, filepath.Join(dir, "postern.yaml"), overrides{}, drain, r.log) }()
	t.Cleanup(func() {
		stop()
		r.wait(t)
	})
	r.until(t, "it serves", func() bool { return strings.Contains(r.log.String(), `"serving"`) })
	return r
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wait waits for the end of the server; it may be called again.
func (r *running) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- nil
		if err != nil {
			t.Errorf("serve: %v", err)
		}
	case <-time.After(patience):
		t.Fatalf("the server does not end:\n%s", r.log)
	}
}

func (r *running) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain waited until %s:\n%s", what, r.log)
		}
	}
}

func (r *running) client(t *testing.T) *miltertest.Client {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(r.dir, "m.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := miltertest.New(conn)
	c.Timeout = patience
	if err := c.Negotiate(miltertest.FullVersion, miltertest.FullActions, miltertest.FullProtocol); err != nil {
		t.Fatal(err)
	}
	if err := connect(c); err != nil {
		t.Fatal(err)
	}
	return c
}

const marking = `policy: Marks %[1]s
mode: enable
rules:
  - rule: Mark %[1]s
    conditions: {subjectContainsWords: [hello]}
    actions: {setHeader: {X-Mark-%[1]s: "%[2]d"}}
`

// Two policies are changed together while mail flows: every message is marked by
// both in the same version, and its record names that version.
func TestAMessageIsJudgedByOneVersionDuringReloads(t *testing.T) {
	r := startServer(t, patience, map[string]string{"a.yaml": fmt.Sprintf(marking, "A", 0), "b.yaml": fmt.Sprintf(marking, "B", 0)})
	versions := map[int]string{0: r.log.events(t, "serving")[0]["policyVersion"].(string)}
	const clients, messages = 4, 40
	var seen sync.Map // Message-ID → generation that marked it
	var wg sync.WaitGroup
	for n := range clients {
		c := r.client(t)
		wg.Go(func() {
			for i := range messages {
				id := fmt.Sprintf("<%d.%d@example.com>", n, i)
				res, err := transact(c, []byte("From: anna@example.com\nSubject: hello\nMessage-ID: "+id+"\n\nText.\n"), []string{"bob@partner.example"})
				if err != nil || res.Verdict.Command != 'c' {
					t.Errorf("message %s: verdict %q, %v", id, res.Verdict.Command, err)
					return
				}
				var marks []string
				for _, e := range res.Edits {
					marks = append(marks, strings.TrimSpace(e.Strings(0)[1]))
				}
				if len(marks) != 2 || marks[0] != marks[1] {
					t.Errorf("message %s is marked %q: two versions, or none", id, marks)
				}
				seen.Store(id, marks[0])
			}
			c.Quit()
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	for g, going := 1, true; going; g++ {
		write(t, filepath.Join(r.dir, "policies", "a.yaml"), fmt.Sprintf(marking, "A", g))
		write(t, filepath.Join(r.dir, "policies", "b.yaml"), fmt.Sprintf(marking, "B", g))
		reply, err := ask(filepath.Join(r.dir, "store"), request{Command: "reload"})
		if err != nil || !reply.Good {
			t.Fatalf("reload %d: %+v, %v", g, reply, err)
		}
		versions[g] = reply.PolicyVersion
		select {
		case <-ended:
			going = false
		default:
		}
	}
	r.stop()
	r.wait(t)
	lines := r.log.events(t, "message")
	if len(lines) != clients*messages {
		t.Errorf("%d lines in the log for %d messages", len(lines), clients*messages)
	}
	generations := make(map[string]bool)
	for _, line := range lines {
		mark, _ := seen.Load(line["messageId"])
		var g int
		fmt.Sscan(fmt.Sprint(mark), &g)
		if versions[g] != line["policyVersion"] {
			t.Errorf("message %v is marked by generation %d, version %s, and recorded with %v", line["messageId"], g, versions[g], line["policyVersion"])
		}
		generations[fmt.Sprint(mark)] = true
	}
	if len(generations) < 2 {
		t.Errorf("all messages met one version; the test shows nothing")
	}
}

// begin sends the beginning of a message, up to its header section.
func begin(t *testing.T, c *miltertest.Client) {
	t.Helper()
	for _, err := range []error{
		second(c.Mail("<someone@example.org>")),
		second(c.Rcpt("<bob@partner.example>")),
		second(c.Data()),
		second(c.Header("Subject", " hello")),
		c.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func second(_ miltertest.Frame, err error) error { return err }

func TestStoppingLetsMessagesInHandFinish(t *testing.T) {
	r := startServer(t, patience, map[string]string{"a.yaml": fmt.Sprintf(marking, "A", 1)})
	c := r.client(t)
	begin(t, c)
	r.stop()
	r.until(t, "it stops", func() bool {
		conn, err := net.Dial("unix", filepath.Join(r.dir, "m.sock"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if _, err := c.EndOfHeader(); err != nil {
		t.Fatal(err)
	}
	res, err := c.EndOfMessage()
	if err != nil || res.Verdict.Command != 'c' || len(res.Edits) != 1 {
		t.Errorf("the message in hand: verdict %q with %d edits, %v", res.Verdict.Command, len(res.Edits), err)
	}
	c.Quit()
	r.wait(t)
	if got := r.log.events(t, "stopped"); len(got) != 1 || got[0]["delivered"] != 1.0 {
		t.Errorf("the end is recorded as %v", got)
	}
}

func TestStoppingEndsWithTheDrainTime(t *testing.T) {
	r := startServer(t, 50*time.Millisecond, map[string]string{"a.yaml": fmt.Sprintf(marking, "A", 1)})
	begin(t, r.client(t)) // and never ends
	r.stop()
	r.wait(t)
	if len(r.log.events(t, "connections were closed before their messages were finished")) != 1 {
		t.Errorf("the log does not say that a connection was closed:\n%s", r.log)
	}
}

func TestControlSocketTakesLinesOnly(t *testing.T) {
	r := startServer(t, patience, map[string]string{"a.yaml": fmt.Sprintf(marking, "A", 1)})
	for _, tc := range []struct{ name, send, want string }{
		{"another command", `{"command":"delete everything"}` + "\n", `the running process knows no command`},
		{"no JSON", "reload\n", "the request cannot be read"},
		{"a line too long", strings.Repeat("x", controlRequest+1), "the request cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := net.Dial("unix", filepath.Join(r.dir, "store", controlName))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			if _, err := conn.Write([]byte(tc.send)); err != nil {
				t.Fatal(err)
			}
			line, err := readLine(conn, controlReply)
			if err != nil || !strings.Contains(string(line), tc.want) {
				t.Errorf("answer %q, %v; want %q", line, err, tc.want)
			}
		})
	}
}

func TestSystemdIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	for _, tc := range []struct{ state, want string }{
		{notifyReady, "READY=1"},
		{notifyReloading, "RELOADING=1\nMONOTONIC_USEC="},
		{notifyStopping, "STOPPING=1"},
	} {
		if err := notifySystemd(tc.state); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 200)
		n, err := conn.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), tc.want) {
			t.Errorf("systemd is told %q, %v; want %q", buf[:n], err, tc.want)
		}
	}
	t.Setenv("NOTIFY_SOCKET", "")
	if err := notifySystemd(notifyReady); err != nil {
		t.Errorf("without systemd: %v", err)
	}
}

// Whoever may open the control socket controls the process; the milter socket is
// for the MTA's group too.
func TestModesOfSockets(t *testing.T) {
	r := startServer(t, patience, map[string]string{"a.yaml": fmt.Sprintf(marking, "A", 0)})
	for name, want := range map[string]os.FileMode{"m.sock": 0o660, filepath.Join("store", controlName): 0o600} {
		st, err := os.Stat(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := st.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}
