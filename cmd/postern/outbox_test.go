package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
)

// box gives the outbox of a service.
func (s *service) box() *outbox {
	return &outbox{vault: s.vault, effects: func() *actions.Live { return s.gate.live.Load().effects }, log: s.log}
}

// forked puts a fork of a message into the outbox; its sender may be told.
func (s *service) forked(t *testing.T, to ...quarantine.EntryRecipient) *quarantine.Entry {
	t.Helper()
	e := quarantine.Entry{
		ID: newID(), Kind: quarantine.EntryReinject, Reference: newReference(), Blob: newID(), ReversePath: "anna@example.com",
		TellSender: true, Recipients: to, Created: time.Now(), Trace: "Received: by x; now\r\n",
	}
	c := &quarantine.Commit{Blobs: []quarantine.Blob{{ID: e.Blob, Data: []byte(heldText)}}, Entries: []quarantine.Entry{e}}
	if err := s.vault.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return &e
}

// recorded gives the records of an operation under a reference.
func (s *service) recorded(t *testing.T, reference string, op audit.Operation) (all []audit.Record) {
	t.Helper()
	for row, err := range s.vault.Records(t.Context(), quarantine.RecordFilter{Reference: reference, Operations: []string{string(op)}}) {
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

// settlement gives all recipients of an entry one reply.
func settlement(e relay.Entry, r relay.Reply) relay.Settlement {
	s := relay.Settlement{At: time.Now()}
	for _, rcpt := range e.Recipients {
		s.Results = append(s.Results, relay.Result{Recipient: rcpt.Index, Address: rcpt.Address, Status: r.Status(), Reply: r})
	}
	return s
}

// A record says whether what was sent may be at its recipients already.
func TestAnAttemptThatMayRepeatAnotherIsRecordedSo(t *testing.T) {
	for _, tc := range []struct {
		name string
		// attempts: "retry" is refused for now, "lost" loses the connection behind
		// the final dot, "killed" ends with the process, "sent" is taken.
		attempts []string
		want     []bool // of each record
	}{
		{"taken at once", []string{"sent"}, []bool{false}},
		{"taken at last", []string{"retry", "retry", "sent"}, []bool{false, false, false}},
		{"lost behind the dot", []string{"retry", "lost", "sent"}, []bool{false, true, true}},
		{"killed", []string{"retry", "killed", "retry", "sent"}, []bool{false, true, true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := newHouse(t)
			box, e := s.box(), s.forked(t, quarantine.EntryRecipient{Address: "bob@partner.example"})
			for _, what := range tc.attempts {
				now := time.Now()
				leased, err := box.Lease(t.Context(), relay.Messages, now, now, 1)
				if err != nil || len(leased) != 1 {
					t.Fatalf("leased %v, %v", leased, err)
				}
				set := settlement(leased[0], relay.Reply{Code: 450, Text: "busy"})
				set.Unknown = what == "lost"
				switch what {
				case "killed":
					continue
				case "sent":
					err = box.Finish(t.Context(), leased[0], settlement(leased[0], relay.Reply{Code: 250, Text: "Ok"}))
				default:
					err = box.Postpone(t.Context(), leased[0], set)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			var got []bool
			for _, r := range s.recorded(t, e.Reference, audit.RelayResult) {
				got = append(got, r.Relay.PossiblyRepeated)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("possibly repeated: %v, want %v", got, tc.want)
			}
		})
	}
}

// Recipients of whom the sender wished not to hear stand in a record instead.
func TestWhoIsLeftOutOfAReportIsRecorded(t *testing.T) {
	s, _ := newHouse(t)
	box := s.box()
	e := s.forked(t, quarantine.EntryRecipient{Address: "bob@partner.example"},
		quarantine.EntryRecipient{Address: "audit@partner.example", Args: []string{"NOTIFY=NEVER"}})
	leased, err := box.Lease(t.Context(), relay.Messages, time.Now(), time.Now().Add(time.Minute), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Finish(t.Context(), leased[0], settlement(leased[0], relay.Reply{Code: 550, Text: "no"})); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.recorded(t, e.Reference, audit.NoticeNotSent) {
		got = append(got, append(r.Notice.Recipients, r.Notice.Reason)...)
	}
	if diff := cmp.Diff([]string{"audit@partner.example", "notify"}, got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

// A message that cannot be read any more ends all the same, and is told of.
func TestADamagedMessageLeavesTheOutbox(t *testing.T) {
	for _, told := range []bool{true, false} {
		s, log := newHouse(t)
		box, e := s.box(), s.forked(t, quarantine.EntryRecipient{Address: "bob@partner.example"})
		leased, err := box.Lease(t.Context(), relay.Messages, time.Now(), time.Now().Add(time.Minute), 1)
		if err != nil {
			t.Fatal(err)
		}
		entry(leased[0]).TellSender = told
		files, err := filepath.Glob(filepath.Join(s.process.store, "blobs", "*", e.Blob+"*"))
		if err != nil || len(files) != 1 {
			t.Fatalf("files of the message: %q, %v", files, err)
		}
		if err := os.Truncate(files[0], 10); err != nil {
			t.Fatal(err)
		}
		if err := box.Finish(t.Context(), leased[0], settlement(leased[0], relay.Reply{Code: 550, Text: "no"})); err != nil {
			t.Fatalf("told %v: %v", told, err)
		}
		all, _ := s.entries(t, e.Reference)
		if notice := len(all) == 2 && all[1].Kind == quarantine.EntryNotice; notice != told {
			t.Errorf("told %v: the outbox has %+v", told, all)
		}
		if lost := len(log.events(t, "a message is lost: it could not be delivered, its octets are damaged, and its sender cannot be told")) == 1; lost == told {
			t.Errorf("told %v: an alarm of a loss: %v", told, lost)
		}
	}
}
