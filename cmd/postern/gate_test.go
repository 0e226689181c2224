package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// worldOf builds a world of one policy that sets X-Mark-A.
func worldOf(t *testing.T, config, mark string) *world {
	t.Helper()
	file := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, file, config)
	write(t, filepath.Join(filepath.Dir(file), "policies", "a.yaml"), strings.NewReplacer("%[1]s", "A", "%[2]d", mark).Replace(marking))
	w, _, problems, err := load(context.Background(), file, classify.Builtin())
	if w == nil {
		t.Fatalf("no world: %v, %v", problems, err)
	}
	return w
}

// interrupted are effects that let something happen in the middle of a decision.
type interrupted struct {
	actions.DryRun
	do func()
}

func (i interrupted) Record(context.Context, *rules.Scan, *actions.Decision) error {
	i.do()
	return nil
}

func TestAMessageInHandKeepsItsWorld(t *testing.T) {
	before, after := worldOf(t, servedConfig, "1"), worldOf(t, servedConfig, "2")
	var log journal
	g := &gate{log: newLogger(process{logFormat: "json", logLevel: zapcore.InfoLevel}, &log)}
	before.doors = interrupted{do: func() { g.live.Store(after) }}
	after.doors = before.doors
	g.live.Store(before)
	for _, want := range []*world{before, after} {
		env := message.Envelope{Recipients: []message.Recipient{{Raw: "<b@partner.example>"}}}
		m, err := message.Read(env, strings.NewReader("Subject: hello\r\n\r\n"), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		out := g.Judge(context.Background(), m)
		g.Done(m, out, time.Millisecond, nil)
		m.Close()
		lines := log.events(t, "message")
		if got := lines[len(lines)-1]["policyVersion"]; got != want.set.Version {
			t.Errorf("recorded with policies %v, judged by %s", got, want.set.Version)
		}
	}
	g.inHand.Range(func(any, any) bool {
		t.Error("a message is held after it is done")
		return false
	})
}

func TestWhatIsFixedAtStartOutlivesReloads(t *testing.T) {
	first := worldOf(t, servedConfig, "1")
	next := worldOf(t, servedConfig+"onError: accept\nlimits: {nesting: 3, connections: 7}\n", "1")
	s := &service{process: first.config.process, gate: &gate{}, vault: &vault{install: dryInstall}}
	if err := s.bear(next); err != nil {
		t.Fatal(err)
	}
	live := s.gate.live.Load()
	if got := live.config.settings(nil).OnError; got != actions.OnErrorTempfail {
		t.Errorf("onError is %s after a reload", got)
	}
	if got := live.rules.Extract.Nesting; got != first.config.process.limits.Nesting {
		t.Errorf("limits.nesting is %d after a reload", got)
	}
	if again := s.process.restart(live.config.process); len(again) > 0 {
		t.Errorf("the live process differs from the running one in %v", again)
	}
}

// Who reads the log need not be somebody who may read the message.
func TestTheLogMasksNamesOfParts(t *testing.T) {
	var log journal
	g := &gate{log: newLogger(process{logFormat: "json", logLevel: zapcore.InfoLevel}, &log)}
	const policy = "policy: P\nmode: enable\nrules:\n  - rule: R\n    conditions: {documentIsUnsupported: true}\n"
	file := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, file, servedConfig)
	write(t, filepath.Join(filepath.Dir(file), "policies", "a.yaml"), policy)
	w, _, problems, err := load(context.Background(), file, classify.Builtin())
	if w == nil {
		t.Fatalf("no world: %v, %v", problems, err)
	}
	w.doors = actions.DryRun{}
	g.live.Store(w)
	const mail = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"visa 4111111111111111.pdf\"\r\n\r\n%!PS-Adobe-3.0\r\n"
	m, err := message.Read(message.Envelope{Recipients: []message.Recipient{{Raw: "<b@partner.example>"}}}, strings.NewReader(mail), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	g.Done(m, g.Judge(context.Background(), m), time.Millisecond, nil)
	if line := log.String(); strings.Contains(line, "411111") || !strings.Contains(line, "unsupported: visa ************1111.pdf") {
		t.Errorf("the log says %s", line)
	}
}
