package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
)

const holdingConfig = `listen: {milter: "unix:m.sock"}
organization:
  acceptedDomains: [example.com]
  notices: {from: "Mail policy <mail-policy@example.com>"}
policies: [policies/*.yaml]
store: {path: store}
relay: {reinject: "unix:nobody-answers"}
quarantine: {reviewers: [postmaster@example.com], digest: "00:00"}
`

const holdingPolicy = `policy: Hold
mode: enable
rules:
  - rule: Hold
    conditions: {subjectContainsWords: [hold]}
    actions: {quarantine: true}
`

// newHouse gives a service with a store and without mail, and its log.
func newHouse(t *testing.T) (*service, *journal) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "postern.yaml")
	write(t, file, holdingConfig)
	write(t, filepath.Join(dir, "policies", "hold.yaml"), holdingPolicy)
	w, _, problems, err := load(t.Context(), file, nil)
	if err != nil || w == nil {
		t.Fatalf("%v %v", problems, err)
	}
	v, err := openVault(t.Context(), w.config.process, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	var j journal
	log := newLogger(process{logFormat: "json", logLevel: zapcore.InfoLevel}, &j)
	s := &service{file: file, process: w.config.process, vault: v, log: log, gate: &gate{log: log}}
	if err := s.bear(w); err != nil {
		t.Fatal(err)
	}
	return s, &j
}

const heldText = "From: anna@example.com\r\nTo: bob@partner.example\r\nSubject: hold\r\n\r\nDear Bob.\r\n"

// held puts an item into the store.
func (s *service) held(t *testing.T, change func(*quarantine.Item)) *quarantine.Item {
	t.Helper()
	i := quarantine.Item{
		ID: newID(), Reference: newReference(), Kind: quarantine.KindQuarantine, Blob: newID(), TellSender: true,
		Envelope: quarantine.Envelope{ReversePath: "anna@example.com", Recipients: []quarantine.Recipient{{Raw: "<bob@partner.example>", Path: "bob@partner.example"}}},
		Policy:   "Hold", Rule: "Hold", Created: time.Now().Add(-time.Hour), Expires: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(&i)
	}
	err := s.vault.Commit(t.Context(), &quarantine.Commit{Blobs: []quarantine.Blob{{ID: i.Blob, Data: []byte(heldText)}}, Items: []quarantine.Item{i}})
	if err != nil {
		t.Fatal(err)
	}
	return &i
}

// entries gives what stands in the outbox under a reference, with its octets.
func (s *service) entries(t *testing.T, reference string) (all []quarantine.Entry, octets []string) {
	t.Helper()
	all, err := s.vault.Entries(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		data, err := s.vault.read(t.Context(), e.Blob)
		if err != nil && e.Done.IsZero() {
			t.Fatal(err)
		}
		octets = append(octets, string(data))
	}
	return all, octets
}

// operations lists what is recorded under a reference.
func (s *service) operations(t *testing.T, reference string) string {
	t.Helper()
	var ops []string
	for row, err := range s.vault.Records(t.Context(), quarantine.RecordFilter{Reference: reference}) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, string(rec.Operation)+" by "+rec.UserKey)
	}
	return strings.Join(ops, ", ")
}

func TestHeldMailExpires(t *testing.T) {
	s, log := newHouse(t)
	past := func(i *quarantine.Item) { i.Expires = time.Now().Add(-time.Minute) }
	for _, tc := range []struct {
		name   string
		change func(*quarantine.Item)
		state  quarantine.State
		told   string // whom the report goes to
		ops    string
	}{
		{"its sender is told", past, quarantine.StateExpired, "anna@example.com", "ItemExpired by DlpAgent"},
		{"a sender who may not be told", func(i *quarantine.Item) { past(i); i.TellSender = false }, quarantine.StateExpired, "", "ItemExpired by DlpAgent"},
		{"a sender who wishes to hear nothing", func(i *quarantine.Item) {
			past(i)
			i.Envelope.Recipients[0].Args = []string{"NOTIFY=NEVER"}
		}, quarantine.StateExpired, "", "ItemExpired by DlpAgent, NoticeNotSent by DlpAgent"},
		{"not yet due", nil, quarantine.StateHeld, "", ""},
		{"never due", func(i *quarantine.Item) { i.Expires = time.Time{} }, quarantine.StateHeld, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i := s.held(t, tc.change)
			s.expire(t.Context())
			now, err := s.vault.Item(t.Context(), i.ID)
			if err != nil || now.State != tc.state {
				t.Fatalf("the item is %v, %v\n%s", now, err, log)
			}
			told := ""
			for _, e := range entriesOf(s.entries(t, i.Reference)) {
				told += e.Recipients[0].Address
			}
			if told != tc.told {
				t.Errorf("told: %q, want %q", told, tc.told)
			}
			if got := s.operations(t, i.Reference); got != tc.ops {
				t.Errorf("recorded: %q, want %q", got, tc.ops)
			}
			s.expire(t.Context())
			if again, _ := s.entries(t, i.Reference); len(again) > 1 {
				t.Errorf("%d reports", len(again))
			}
		})
	}
}

func entriesOf(all []quarantine.Entry, _ []string) []quarantine.Entry { return all }

func TestReviewersGetOneDigestADay(t *testing.T) {
	s, log := newHouse(t)
	w := s.gate.live.Load()
	day := time.Now()
	tell := func(day time.Time) {
		t.Helper()
		if err := s.digest(t.Context(), w, day); err != nil {
			t.Fatal(err)
		}
	}
	tell(day) // nothing is held
	i := s.held(t, nil)
	for range 3 {
		tell(day)
	}
	if got := log.events(t, "digest"); len(got) != 1 {
		t.Errorf("%d digests of one day", len(got))
	}
	tell(day.AddDate(0, 0, 1))
	if got := log.events(t, "digest"); len(got) != 2 {
		t.Errorf("%d digests of two days", len(got))
	}
	_, octets := s.entries(t, "")
	for _, o := range octets {
		if !strings.Contains(o, i.Reference) || strings.Contains(o, "Dear Bob") {
			t.Errorf("digest:\n%s", o)
		}
	}
}

// Two processes decide on the same items at the same time: each item is decided
// once, and the other one is told who was faster.
func TestADecisionIsTakenOnce(t *testing.T) {
	s, _ := newHouse(t)
	c := s.gate.live.Load().config
	s.vault.lock.Close() // as two commands have it
	other, err := openVault(t.Context(), c.process, false)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	w := s.gate.live.Load()
	const n = 20
	for range n {
		i := s.held(t, nil)
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for k := range errs {
			d := &desk{vault: s.vault, effects: w.live(s.vault, s.log), by: "anna"}
			if k%2 == 1 {
				d = &desk{vault: other, effects: w.live(other, s.log), by: "bruno"}
			}
			wg.Go(func() {
				if k < 2 {
					_, errs[k] = d.release(context.Background(), i.ID, actions.Release{}, "")
				} else {
					_, errs[k] = d.remove(context.Background(), i.ID, "")
				}
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			var lost *quarantine.ConflictError
			switch {
			case err == nil:
				won++
			case !errors.As(err, &lost):
				t.Errorf("an error that is no conflict: %v", err)
			case lost.Decided.By != "anna" && lost.Decided.By != "bruno":
				t.Errorf("the loser is not told who was faster: %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d decisions on one item: %v", won, errs)
		}
		if got := s.operations(t, i.Reference); strings.Count(got, " by ") != 1 {
			t.Errorf("recorded: %s", got)
		}
	}
}

// What cannot be delivered is told, or held again: it is never lost.
func TestUndeliverableMailIsToldOrHeld(t *testing.T) {
	for _, tc := range []struct {
		name string
		tell bool
		kind quarantine.EntryKind
		held int
		want string // in the mail that follows
	}{
		{"the sender is told", true, quarantine.EntryReinject, 0, "To: anna@example.com"},
		{"the sender of a release is told", true, quarantine.EntryRelease, 0, "To: anna@example.com"},
		{"nobody can be told", false, quarantine.EntryReinject, 1, "To: postmaster@example.com"},
		{"nobody can be told of a release", false, quarantine.EntryRelease, 1, "To: postmaster@example.com"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, log := newHouse(t)
			box := s.box()
			i := s.held(t, func(i *quarantine.Item) { i.TellSender = tc.tell })
			ref := i.Reference
			if tc.kind == quarantine.EntryRelease {
				d := &desk{vault: s.vault, effects: s.gate.live.Load().effects, by: "anna"}
				if _, err := d.release(t.Context(), i.ID, actions.Release{}, ""); err != nil {
					t.Fatal(err)
				}
			} else {
				e := s.forked(t, quarantine.EntryRecipient{Address: "bob@partner.example"})
				ref = e.Reference
			}
			leased, err := box.Lease(t.Context(), relay.Messages, time.Now(), time.Now().Add(time.Minute), 1)
			if err != nil || len(leased) != 1 {
				t.Fatalf("leased: %v, %v", leased, err)
			}
			if tc.kind == quarantine.EntryReinject {
				entry(leased[0]).TellSender = tc.tell
			}
			settled := settlement(leased[0], relay.Reply{Code: 550, Enhanced: "5.1.1", Text: "unknown"})
			if err := box.Finish(t.Context(), leased[0], settled); err != nil {
				t.Fatal(err)
			}
			if err := box.Finish(t.Context(), leased[0], settled); !errors.Is(err, relay.ErrLeaseLost) {
				t.Errorf("an entry is ended twice: %v", err)
			}
			page, err := s.vault.List(t.Context(), quarantine.Filter{Reference: ref, States: []quarantine.State{quarantine.StateHeld}})
			kept := 0
			for _, it := range page.Items {
				if it.ID != i.ID {
					kept++
				}
			}
			if err != nil || kept != tc.held {
				t.Errorf("%d messages are held anew, want %d, %v", kept, tc.held, err)
			}
			open, octets := s.entries(t, ref)
			var mail string
			for k, e := range open {
				if e.Kind == quarantine.EntryNotice {
					mail = octets[k]
				}
			}
			if !strings.Contains(mail, tc.want) {
				t.Errorf("the mail that follows has no %q:\n%s\n%s", tc.want, mail, log)
			}
			if got := s.operations(t, ref); !strings.Contains(got, "RelayResult") {
				t.Errorf("recorded: %s", got)
			}
		})
	}
}

func TestAStoreHasOneOwner(t *testing.T) {
	s, _ := newHouse(t)
	if _, err := lockStore(canceled(), s.process.store, false); err == nil {
		t.Error("a command has the store while a process serves")
	}
	again, err := readInstall(s.process.store)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(s.vault.install) {
		t.Errorf("the installation is %v, was %v: %v", again.ID, s.vault.install.ID, err)
	}
	for _, name := range []string{installName, lockName} {
		st, err := os.Stat(filepath.Join(s.process.store, name))
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
	write(t, filepath.Join(s.process.store, installName), "{}")
	if _, err := readInstall(s.process.store); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("an installation without a key: %v", err)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestIdentifiersDifferAndGrow(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		id := newID()
		if !quarantine.ValidID(id) || len(id) != 26 || seen[id] {
			t.Fatalf("identifier %q", id)
		}
		seen[id] = true
	}
}
