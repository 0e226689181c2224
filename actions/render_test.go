package actions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
)

func headerOf(lines ...string) message.Header {
	var h message.Header
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ":")
		h = append(h, message.Field{Name: name, Value: value})
	}
	return h
}

func (m Modification) short() string {
	switch m.Kind {
	case ChangeHeader:
		return fmt.Sprintf("change %s/%d: %s", m.Name, m.Index, m.Value)
	case DeleteHeader:
		return fmt.Sprintf("delete %s/%d", m.Name, m.Index)
	case AddHeader:
		return fmt.Sprintf("add %s: %s", m.Name, m.Value)
	case AddRecipient:
		return strings.TrimSpace(fmt.Sprintf("rcpt %s %s", m.Address, strings.Join(m.Args, " ")))
	}
	return "?"
}

func TestRender(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		edits  []Edit
		ours   bool
		want   []string
		final  string
	}{
		{name: "nothing to do"},
		{
			name:  "a new field is added",
			edits: []Edit{{setHeader, "X-A", "b"}},
			want:  []string{"add X-A: b"},
		},
		{
			name:   "a field that is there is changed, its repetitions go, from the last",
			header: []string{"x-a: 1", "X-B: 2", "X-A: 3", "X-a: 4"},
			edits:  []Edit{{setHeader, "X-A", "new"}},
			want:   []string{"delete X-a/3", "delete X-A/2", "change x-a/1: new"},
		},
		{
			name:  "a value that is not ASCII is encoded",
			edits: []Edit{{setHeader, "X-A", "ü"}},
			want:  []string{"add X-A: " + message.EncodeText("ü")},
		},
		{
			name:   "fields are removed by name from the last to the first",
			header: []string{"X-A: 1", "Subject: s", "x-a: 2", "X-A: 3"},
			edits:  []Edit{{removeHeader, "X-A", ""}},
			want:   []string{"delete X-A/3", "delete x-a/2", "delete X-A/1"},
		},
		{
			name:   "fields are removed by value, unfolded and without case",
			header: []string{"X-A: old  ", "X-A: new", "X-A:\r\n OLD"},
			edits:  []Edit{{removeHeader, "X-A", "old"}},
			want:   []string{"delete X-A/3", "delete X-A/1"},
		},
		{
			name:   "later edits see earlier ones",
			header: []string{"X-A: 1", "X-A: 2"},
			edits:  []Edit{{removeHeader, "X-A", "1"}, {setHeader, "X-A", "3"}},
			want:   []string{"delete X-A/1", "change X-A/1: 3"},
		},
		{
			name:   "the old subject is kept as it stands",
			header: []string{"Subject: =?utf-8?Q?=C3=BC?= old"},
			edits:  []Edit{{prependSubject, "", "[X] "}},
			want:   []string{"change Subject/1: [X] =?utf-8?Q?=C3=BC?= old"},
		},
		{
			name:   "a text without a blank does not stick to an encoded word",
			header: []string{"Subject: =?utf-8?Q?=C3=BC?="},
			edits:  []Edit{{prependSubject, "", "[X]"}},
			want:   []string{"change Subject/1: " + message.EncodeText("[X]ü")},
		},
		{
			name:   "a text that is not ASCII encodes the whole subject",
			header: []string{"Subject: old"},
			edits:  []Edit{{prependSubject, "", "[Äußeres] "}},
			want:   []string{"change Subject/1: " + message.EncodeText("[Äußeres] old")},
		},
		{
			name:  "a missing subject is made",
			edits: []Edit{{prependSubject, "", "[X] "}},
			want:  []string{"add Subject: [X]"},
		},
		{
			name:   "every subject is changed, since readers differ in which they show",
			header: []string{"Subject: one", "subject: two"},
			edits:  []Edit{{prependSubject, "", "[X] "}},
			want:   []string{"change Subject/1: [X] one", "change subject/2: [X] two"},
		},
		{
			name:   "recipients are added and shown in To and Cc, not in Bcc",
			header: []string{"To: b@x.example", "Cc:"},
			edits:  []Edit{{addRecipients, "to", "t@x.example"}, {addRecipients, "cc", "c@x.example"}, {addRecipients, "bcc", "audit@x.example"}},
			want:   []string{"change To/1: b@x.example,\r\n t@x.example", "change Cc/1: c@x.example", "rcpt t@x.example", "rcpt c@x.example", "rcpt audit@x.example NOTIFY=NEVER"},
			final:  "b@x.example t@x.example c@x.example audit@x.example",
		},
		{
			name:   "nobody is added twice",
			header: []string{"To: <B@x.example>"},
			edits:  []Edit{{addRecipients, "to", "b@X.example"}, {addRecipients, "bcc", "a@x.example"}, {addRecipients, "bcc", "A@x.example"}},
			want:   []string{"rcpt a@x.example NOTIFY=NEVER"},
			final:  "b@x.example a@x.example",
		},
		{
			name:   "a missing To is made",
			edits:  []Edit{{addRecipients, "to", "t@x.example"}},
			want:   []string{"add To: t@x.example", "rcpt t@x.example"},
			final:  "b@x.example t@x.example",
			header: []string{"From: a@x.example"},
		},
		{
			name:   "our own fields are taken out of every message",
			header: []string{"X-Postern-Release: 1", "x-postern-loop : 2", "MSIP_Justification: 3", "X-Postern-Release: 4", "X-MS-Exchange-Organization-SCL: 5"},
			ours:   true,
			want:   []string{"delete X-Postern-Release/2", "delete MSIP_Justification/1", "delete x-postern-loop /1", "delete X-Postern-Release/1"},
		},
		{
			name:   "Exchange's own fields are taken out of mail that is not ours",
			header: []string{"X-MS-Exchange-Organization-SCL: 5", "X-MS-Has-Attach: no"},
			want:   []string{"delete X-MS-Exchange-Organization-SCL/1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			to, err := message.ParsePath("b@x.example")
			if err != nil {
				t.Fatal(err)
			}
			m := &message.Message{Header: headerOf(tt.header...)}
			m.Envelope.Recipients = []message.Recipient{{Raw: "<b@x.example>", Path: to}}
			before := fmt.Sprint(m.Header)
			mods, _, final := render(m, tt.edits, tt.ours)
			var got []string
			for _, mod := range mods {
				got = append(got, mod.short())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("modifications (-want +got):\n%s", diff)
			}
			if tt.final != "" && strings.Join(final, " ") != tt.final {
				t.Errorf("final recipients %q, want %q", final, tt.final)
			}
			if fmt.Sprint(m.Header) != before {
				t.Error("the message itself was changed")
			}
		})
	}
}

// A stranger chooses how many fields of a name there are: removing them and
// changing them is linear in their number.
func TestManyFieldsOfOneName(t *testing.T) {
	const n = 25_000
	var h message.Header
	for range n {
		h = append(h, message.Field{Name: "X-Postern-A", Value: " x"}, message.Field{Name: "Subject", Value: " s"})
	}
	m := &message.Message{Header: h}
	mods, removed, _ := render(m, []Edit{{prependSubject, "", "[x] "}}, false)
	if removed != n || len(mods) != 2*n {
		t.Fatalf("%d removed, %d modifications", removed, len(mods))
	}
	for i := range n {
		if got, want := mods[i].short(), fmt.Sprintf("delete X-Postern-A/%d", n-i); got != want {
			t.Fatalf("modification %d: %s, want %s", i, got, want)
		}
		if got, want := mods[n+i].short(), fmt.Sprintf("change Subject/%d: [x] s", i+1); got != want {
			t.Fatalf("modification %d: %s, want %s", n+i, got, want)
		}
	}
	if len(m.Header) != 2*n {
		t.Error("the message itself was changed")
	}
}
