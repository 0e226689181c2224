//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/quarantine/embedded"
)

// holding is a Postfix wired as the design has it, Postern before the queue and the
// listener for re-injection behind it, with a sink that keeps what is delivered.
type holding struct {
	*mta.Instance
	sink *sink.Sink
	dir  string // of postern.yaml, the policies and the store
	// program is the running `postern serve`; nil while none runs.
	program *mta.Process
	starts  int
}

// holdingOptions say what stands around Postfix.
type holdingOptions struct {
	policy string
	// store and keys are further lines of postern.yaml: those below `store:`, and
	// others.
	store, keys string
	params      []string
	sink        string // instead of a sink of its own
	content     time.Duration
}

const holdingConfig = `listen: {milter: "unix:%s", group: %s}
trust: {authenticated: true, listeners: [SUBMISSION]}
organization:
  name: Example Ltd
  acceptedDomains: [example.com]
  notices: {from: "Mail policy <mail-policy@example.com>"}
policies: [policies/*.yaml]
store:
  path: store
  quota:
    senderItems: 100000
%srelay: {reinject: "unix:%s", noticeRate: 1000}
quarantine: {reviewers: [postmaster@example.com], digest: "23:59"}
recipients: {postfixConfig: %s, postfix: [virtual_alias_maps]}
%s`

// startHolding runs Postfix, and lays the files for a program that is not started.
func startHolding(t *testing.T, opt holdingOptions) *holding {
	t.Helper()
	h := &holding{dir: t.TempDir()}
	var err error
	if opt.sink == "" {
		if h.sink, err = sink.Start(sink.Options{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.sink.Close() })
		opt.sink = h.sink.Addr()
	}
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	h.Instance, err = mta.Start(ctx, mta.Options{
		Milter: mta.Socket, Sink: opt.sink, ContentTimeout: opt.content,
		Listeners: []mta.Listener{{Name: mta.MX}, {Name: mta.Submission}, mta.AfterFilter},
		Services:  []string{mta.ReinjectService},
		Params:    append([]string{"postern_signers ="}, opt.params...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mail log, its end:\n%s", tail(h.Log(), 20))
		}
		if err := h.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, d := range []string{"policies", "store"} {
		if err := os.Mkdir(filepath.Join(h.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(holdingConfig, h.SocketPath(), h.Group(), opt.store, h.ReinjectPath(), h.ConfigDir(), opt.keys)
	for name, text := range map[string]string{"postern.yaml": text, "policies/hold.yaml": opt.policy} {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// serve starts a program and waits until it answers; false means that it ended
// before. Command comes before the program's own line, as strace and its options.
func (h *holding) serve(t *testing.T, program string, env []string, command ...string) bool {
	t.Helper()
	out, err := os.OpenFile(h.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	before, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	line := append(slices.Clone(command), program, "serve", "--config", h.config())
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	p, err := mta.Bind(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if h.starts++; h.starts == 1 {
		t.Cleanup(func() {
			h.end()
			if t.Failed() {
				text, _ := os.ReadFile(h.log())
				t.Logf("log of postern, its end:\n%s", tail(string(text), 15))
			}
		})
	}
	h.program = p
	wait := time.NewTicker(5 * time.Millisecond)
	defer wait.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	for {
		// The socket is there sooner than Postfix may open it.
		text, err := os.ReadFile(h.log())
		if err == nil && bytes.Contains(text[before:], []byte(`"event":"serving"`)) {
			return true
		}
		select {
		case <-p.Done():
			return false
		case <-ctx.Done():
			t.Fatal("postern serve does not answer")
		case <-wait.C:
		}
	}
}

// end stops the program, if one runs. The signal goes to all of its group: a tracer
// would not pass it on.
func (h *holding) end() {
	if h.program == nil {
		return
	}
	_ = syscall.Kill(-h.program.PID(), syscall.SIGTERM)
	select {
	case <-h.program.Done():
	case <-time.After(20 * time.Second):
	}
	h.program.Stop()
	h.program = nil
}

func (h *holding) config() string { return filepath.Join(h.dir, "postern.yaml") }
func (h *holding) log() string    { return filepath.Join(h.dir, "log") }

// start serves with the program of the other tests.
func (h *holding) start(t *testing.T) *holding {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if !h.serve(t, bin, nil) {
		t.Fatal("postern serve ended")
	}
	return h
}

// command runs one of postern's commands beside the running program and gives its
// standard output; the exit status must be as wanted.
func (h *holding) command(t *testing.T, want int, args ...string) string {
	t.Helper()
	out, got := h.try(t, args...)
	if got != want {
		t.Fatalf("postern %s: exit status %d, want %d\n%s", strings.Join(args, " "), got, want, out)
	}
	return out
}

func (h *holding) try(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	// Commands are many; with the race detector each would take half a second to start.
	bin, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(bin, append(args, "--config", h.config())...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout.String() + stderr.String(), cmd.ProcessState.ExitCode()
}

// heldItem is a held message as `quarantine list --json` shows it.
type heldItem struct {
	ID, Reference, State, Sender, Rule string
	Recipients                         []string
	Seen                               int
	TellSender                         bool
}

// held lists the messages in a state that have a recipient.
func (h *holding) held(t *testing.T, state, recipient string) []heldItem {
	t.Helper()
	var all []heldItem
	out := h.command(t, 0, "quarantine", "list", "--json", "--state", state, "--recipient", recipient)
	for line := range strings.Lines(out) {
		var i heldItem
		if err := json.Unmarshal([]byte(line), &i); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, i)
	}
	return all
}

// one gives the only message held for a recipient.
func (h *holding) one(t *testing.T, recipient string) heldItem {
	t.Helper()
	all := h.held(t, "held", recipient)
	if len(all) != 1 {
		t.Fatalf("%d messages are held for %s", len(all), recipient)
	}
	return all[0]
}

// arrived waits until n messages came to a recipient, and gives them.
func (h *holding) arrived(t *testing.T, n int, to string) []*sink.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idle)
	defer cancel()
	got, err := h.sink.Wait(ctx, n, sink.ByRecipient(to))
	if err != nil || len(got) != n {
		t.Fatalf("%d messages to %s: %v", len(got), to, err)
	}
	return got
}

// rest waits until nothing is under way: neither in the outbox nor in Postfix.
func (h *holding) rest(t *testing.T) {
	t.Helper()
	p := &postfix{Instance: h.Instance}
	h.until(t, "nothing is under way", func() bool {
		for range 3 {
			var st struct{ Outbox int }
			out, status := h.try(t, "status", "--json")
			line, _, _ := strings.Cut(out, "\n")
			if status != 0 || json.Unmarshal([]byte(line), &st) != nil || st.Outbox > 0 || !p.empty("maildrop", "incoming", "active", "deferred") {
				return false
			}
		}
		return true
	})
}

// until waits for a condition.
func (h *holding) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*idle)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("it never came that %s", what)
		case <-look.C:
		}
	}
}

// stored opens the store of a program that has ended.
func (h *holding) stored(t *testing.T) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(t.Context(), embedded.Options{Dir: filepath.Join(h.dir, "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// records gives the stored records of some operations.
func records(t *testing.T, s quarantine.Store, ops ...audit.Operation) []audit.Record {
	t.Helper()
	var names []string
	for _, o := range ops {
		names = append(names, string(o))
	}
	var all []audit.Record
	for row, err := range s.Records(t.Context(), quarantine.RecordFilter{Operations: names}) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

// allItems gives every item of a store.
func allItems(t *testing.T, s quarantine.Store) []quarantine.Item {
	t.Helper()
	var all []quarantine.Item
	for f := (quarantine.Filter{Limit: 200}); ; {
		page, err := s.List(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
		if f.After = page.Next; f.After == "" {
			return all
		}
	}
}
