package notice

import (
	"errors"
	"testing"

	"github.com/postern-mail/postern/message"
)

func TestMayAnswer(t *testing.T) {
	w := writer(t)
	ann := "ann@example.com"
	for _, tc := range []struct {
		from   string
		fields []string // name, value, …
		want   Reason
	}{
		{ann, nil, ""},
		{ann, []string{"Auto-Submitted", " no"}, ""},
		{ann, []string{"Auto-Submitted", " No (a person)"}, ""},
		{ann, []string{"Auto-Submitted", " (comment) no"}, ""},
		{ann, []string{"Precedence", " first-class"}, ""},
		{ann, []string{"X-List-Of-Things", " cards"}, ""},
		{"request@example.com", nil, ""},
		{"ownership@example.com", nil, ""},
		{"<>", nil, ReasonNullSender},
		{"", nil, ReasonNullSender},
		{ann, []string{"Auto-Submitted", " auto-replied"}, ReasonAutoSubmitted},
		{ann, []string{"AUTO-SUBMITTED", " auto-generated; owner=x"}, ReasonAutoSubmitted},
		{ann, []string{"Auto-Submitted", ""}, ReasonAutoSubmitted},
		{ann, []string{"Auto-Submitted", " no", "Auto-Submitted", " auto-notified"}, ReasonAutoSubmitted},
		{ann, []string{"Precedence", " bulk"}, ReasonPrecedence},
		{ann, []string{"precedence", "\r\n LIST"}, ReasonPrecedence},
		{ann, []string{"Precedence", " junk (really)"}, ReasonPrecedence},
		{ann, []string{"List-Id", " <l.example.com>"}, ReasonList},
		{ann, []string{"list-unsubscribe", " <mailto:x@example.com>"}, ReasonList},
		{"owner-staff@example.com", nil, ReasonRoleAddress},
		{"staff-owner@example.com", nil, ReasonRoleAddress},
		{"staff-request@example.com", nil, ReasonRoleAddress},
		{"Staff-Request+confirm@example.com", nil, ReasonRoleAddress},
		{"MAILER-DAEMON@example.com", nil, ReasonRoleAddress},
		{"postmaster", nil, ReasonRoleAddress},
		{"Policy@Example.com", nil, ReasonOwnAddress},
		{"approvals@example.com", nil, ReasonOwnAddress},
		{ann, []string{"X-Postern-Loop", " install-1; mac=00"}, ReasonLoopMark},
		{ann, []string{"x-postern-loop", " another"}, ReasonLoopMark},
	} {
		var h message.Header
		for i := 0; i < len(tc.fields); i += 2 {
			h = append(h, message.Field{Name: tc.fields[i], Value: tc.fields[i+1]})
		}
		ok, why := w.MayAnswer(h, path(t, tc.from))
		if ok != (tc.want == "") || why != tc.want {
			t.Errorf("%s %q: %v %s, want %q", tc.from, tc.fields, ok, why, tc.want)
		}
		o := original(t)
		o.ReversePath, o.Header = path(t, tc.from), append(o.Header, h...)
		_, err := w.BlockNDR(Block{Original: o, Recipients: recipients(t, "b@x.example")})
		var not *NotSent
		if got := errors.As(err, &not); got != (tc.want != "") || got && not.Reason != tc.want {
			t.Errorf("%s %q: an NDR is written all the same: %v", tc.from, tc.fields, err)
		}
	}
}

func TestTheMarkCannotBeMade(t *testing.T) {
	w := writer(t)
	n, err := w.BlockNDR(Block{Original: original(t), Recipients: recipients(t, "b@x.example")})
	if err != nil {
		t.Fatal(err)
	}
	h := append(message.Header(nil), read(t, w, n).Header...)
	s := settings(t)
	s.Key = []byte("fedcba9876543210")
	other, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	if other.IsOurs(h) {
		t.Error("a mark made with another key is taken")
	}
	for i, f := range h {
		if f.Name == "Message-ID" {
			h[i].Value = " <another@mail.example.com>"
		}
	}
	if w.IsOurs(h) {
		t.Error("a mark is taken on another message")
	}
	if w.IsOurs(nil) {
		t.Error("no mark is taken for one")
	}
}
