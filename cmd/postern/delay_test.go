package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/relay"
)

// A sender hears once that mail waits in the outbox, of those recipients of whom he
// did not say otherwise.
func TestASenderIsToldOnceOfADelay(t *testing.T) {
	to := func(address string, args ...string) quarantine.EntryRecipient {
		return quarantine.EntryRecipient{Address: address, Args: args}
	}
	both := []quarantine.EntryRecipient{to("bob@partner.example"), to("carl@partner.example", "NOTIFY=FAILURE")}
	for _, tc := range []struct {
		name    string
		to      []quarantine.EntryRecipient
		age     []time.Duration // of each try
		silent  bool            // the sender may not be told
		replies []int           // of the recipients; none: 450
		want    []string        // whom the reports name
	}{
		{"not yet", both, []time.Duration{time.Hour, 3 * time.Hour}, false, nil, nil},
		{"once", both, []time.Duration{time.Hour, 4 * time.Hour, 5 * time.Hour, 20 * time.Hour}, false, nil, []string{"bob@partner.example"}},
		{"who asks for delays", []quarantine.EntryRecipient{to("bob@partner.example", "NOTIFY=DELAY,FAILURE")}, []time.Duration{5 * time.Hour}, false, nil, []string{"bob@partner.example"}},
		{"who asks for none", []quarantine.EntryRecipient{to("bob@partner.example", "NOTIFY=NEVER")}, []time.Duration{5 * time.Hour}, false, nil, nil},
		{"who may not be told", both, []time.Duration{5 * time.Hour}, true, nil, nil},
		{"who got it meanwhile", []quarantine.EntryRecipient{to("bob@partner.example"), to("dora@partner.example")}, []time.Duration{5 * time.Hour}, false, []int{250, 450}, []string{"dora@partner.example"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := newHouse(t)
			box, e := s.box(), s.forked(t, tc.to...)
			for _, age := range tc.age {
				leased, err := box.Lease(t.Context(), relay.Messages, e.Created, e.Created, 1)
				if err != nil || len(leased) != 1 {
					t.Fatalf("leased %v, %v", leased, err)
				}
				entry(leased[0]).TellSender = !tc.silent
				set := settlement(leased[0], relay.Reply{Code: 450, Text: "busy"})
				for i, code := range tc.replies {
					r := relay.Reply{Code: code}
					set.Results[i].Status, set.Results[i].Reply = r.Status(), r
				}
				set.At = e.Created.Add(age)
				if err := box.Postpone(t.Context(), leased[0], set); err != nil {
					t.Fatal(err)
				}
			}
			all, contents := s.entries(t, e.Reference)
			var got []string
			for i, other := range all {
				if other.Kind != quarantine.EntryNotice {
					continue
				}
				r, err := dsn.Parse(strings.NewReader(contents[i]))
				if err != nil {
					t.Fatal(err)
				}
				for _, rcpt := range r.Recipients {
					if got = append(got, rcpt.Final.Text); rcpt.Action != dsn.Delayed || !strings.HasPrefix(rcpt.Status, "4.") {
						t.Errorf("%s: %s, %s", rcpt.Final.Text, rcpt.Action, rcpt.Status)
					}
				}
				if to := fmt.Sprint(other.Recipients[0].Address, other.Recipients[0].Args, other.ReversePath); to != "anna@example.com[NOTIFY=NEVER]" {
					t.Errorf("it goes to %s", to)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("told of (-want +got):\n%s", diff)
			}
		})
	}
}
