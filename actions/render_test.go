package actions

import (
	"fmt"
	"slices"
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
	case DeleteRecipient:
		return "drop " + m.Address
	case ReplaceBody:
		return "body"
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
			edits: []Edit{{Action: setHeader, Name: "X-A", Value: "b"}},
			want:  []string{"add X-A: b"},
		},
		{
			name:   "a field that is there is changed, its repetitions go, from the last",
			header: []string{"x-a: 1", "X-B: 2", "X-A: 3", "X-a: 4"},
			edits:  []Edit{{Action: setHeader, Name: "X-A", Value: "new"}},
			want:   []string{"delete X-a/3", "delete X-A/2", "change x-a/1: new"},
		},
		{
			name:  "a value that is not ASCII is encoded",
			edits: []Edit{{Action: setHeader, Name: "X-A", Value: "ü"}},
			want:  []string{"add X-A: " + message.EncodeText("ü")},
		},
		{
			name:   "fields are removed by name from the last to the first",
			header: []string{"X-A: 1", "Subject: s", "x-a: 2", "X-A: 3"},
			edits:  []Edit{{Action: removeHeader, Name: "X-A"}},
			want:   []string{"delete X-A/3", "delete x-a/2", "delete X-A/1"},
		},
		{
			name:   "fields are removed by value, unfolded and without case",
			header: []string{"X-A: old  ", "X-A: new", "X-A:\r\n OLD"},
			edits:  []Edit{{Action: removeHeader, Name: "X-A", Value: "old"}},
			want:   []string{"delete X-A/3", "delete X-A/1"},
		},
		{
			name:   "later edits see earlier ones",
			header: []string{"X-A: 1", "X-A: 2"},
			edits:  []Edit{{Action: removeHeader, Name: "X-A", Value: "1"}, {Action: setHeader, Name: "X-A", Value: "3"}},
			want:   []string{"delete X-A/1", "change X-A/1: 3"},
		},
		{
			name:   "the old subject is kept as it stands",
			header: []string{"Subject: =?utf-8?Q?=C3=BC?= old"},
			edits:  []Edit{{Action: prependSubject, Value: "[X] "}},
			want:   []string{"change Subject/1: [X] =?utf-8?Q?=C3=BC?= old"},
		},
		{
			name:   "a text without a blank does not stick to an encoded word",
			header: []string{"Subject: =?utf-8?Q?=C3=BC?="},
			edits:  []Edit{{Action: prependSubject, Value: "[X]"}},
			want:   []string{"change Subject/1: " + message.EncodeText("[X]ü")},
		},
		{
			name:   "a text that is not ASCII encodes the whole subject",
			header: []string{"Subject: old"},
			edits:  []Edit{{Action: prependSubject, Value: "[Äußeres] "}},
			want:   []string{"change Subject/1: " + message.EncodeText("[Äußeres] old")},
		},
		{
			name:  "a missing subject is made",
			edits: []Edit{{Action: prependSubject, Value: "[X] "}},
			want:  []string{"add Subject: [X]"},
		},
		{
			name:   "every subject is changed, since readers differ in which they show",
			header: []string{"Subject: one", "subject: two"},
			edits:  []Edit{{Action: prependSubject, Value: "[X] "}},
			want:   []string{"change Subject/1: [X] one", "change subject/2: [X] two"},
		},
		{
			name:   "recipients are added and shown in To and Cc, not in Bcc",
			header: []string{"To: b@x.example", "Cc:"},
			edits:  []Edit{{Action: addRecipients, Name: "to", Value: "t@x.example"}, {Action: addRecipients, Name: "cc", Value: "c@x.example"}, {Action: addRecipients, Name: "bcc", Value: "audit@x.example"}},
			want:   []string{"change To/1: b@x.example,\r\n t@x.example", "change Cc/1: c@x.example", "rcpt t@x.example", "rcpt c@x.example", "rcpt audit@x.example NOTIFY=NEVER"},
			final:  "b@x.example t@x.example c@x.example audit@x.example",
		},
		{
			name:   "nobody is added twice",
			header: []string{"To: <B@x.example>"},
			edits:  []Edit{{Action: addRecipients, Name: "to", Value: "b@X.example"}, {Action: addRecipients, Name: "bcc", Value: "a@x.example"}, {Action: addRecipients, Name: "bcc", Value: "A@x.example"}},
			want:   []string{"rcpt a@x.example NOTIFY=NEVER"},
			final:  "b@x.example a@x.example",
		},
		{
			name:   "a missing To is made",
			edits:  []Edit{{Action: addRecipients, Name: "to", Value: "t@x.example"}},
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
			m := messageTo(headerOf(tt.header...), "b@x.example")
			before := fmt.Sprint(m.Header)
			f := Fork{Recipients: []int{0}, Route: InSession, Edits: tt.edits}
			c := newDeliveries(&editor{m: m, ours: tt.ours}, []Fork{f}).copy(&f)
			var got []string
			for _, mod := range c.modifications(m, &f) {
				got = append(got, mod.short())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("modifications (-want +got):\n%s", diff)
			}
			if tt.final != "" && strings.Join(f.FinalRecipients, " ") != tt.final {
				t.Errorf("final recipients %q, want %q", f.FinalRecipients, tt.final)
			}
			if fmt.Sprint(m.Header) != before {
				t.Error("the message itself was changed")
			}
			sameRendered(t, m, &f, c)
		})
	}
}

func messageTo(h message.Header, to ...string) *message.Message {
	m := &message.Message{Header: h}
	for _, a := range to {
		p, err := message.ParsePath(a)
		if err != nil {
			panic(err)
		}
		m.Envelope.Recipients = append(m.Envelope.Recipients, message.Recipient{Raw: "<" + a + ">", Path: p})
	}
	return m
}

// sameRendered holds the two renderers of a copy together: what the MTA makes of
// the message with the modifications, and the octets that are sent from the store.
func sameRendered(t *testing.T, m *message.Message, f *Fork, c *edited) {
	t.Helper()
	body := "Body.\r\n..\r\n"
	if m.Root != nil {
		body = string(m.Body())
	}
	original := body
	mta := newPostfix(m)
	for _, mod := range c.modifications(m, f) {
		mta.modify(mod)
	}
	if mta.body != nil {
		body = *mta.body
	}
	if diff := cmp.Diff(mta.message(body), string(c.bytes([]byte(original)))); diff != "" {
		t.Errorf("the MTA's copy and ours (-MTA +ours):\n%s", diff)
	}
	var ours []string
	for _, r := range c.final {
		ours = append(ours, strings.Join(append([]string{r.path.Key()}, r.args...), " "))
	}
	slices.Sort(ours)
	if theirs := mta.envelope(); !slices.Equal(theirs, ours) {
		t.Errorf("the MTA delivers to %q, we to %q", theirs, ours)
	}
}

// postfix is a message in Postfix's cleanup while a milter changes it. Indices of
// header fields count from 1 among those with the name, without case, as they
// stand at that moment; to change one that is not there adds it. A recipient is
// deleted by the argument of RCPT, everywhere it stands; one that is there already
// is not added again.
type postfix struct {
	fields []message.Field
	rcpts  []postfixRecipient
	body   *string // that was replaced
}

type postfixRecipient struct {
	raw  string // without angle brackets
	key  string
	args []string
}

func newPostfix(m *message.Message) *postfix {
	p := &postfix{fields: slices.Clone(m.Header)}
	for _, r := range m.Envelope.Recipients {
		p.rcpts = append(p.rcpts, postfixRecipient{raw: strings.Trim(r.Raw, "<>"), key: r.Path.Key(), args: r.Args})
	}
	return p
}

func (p *postfix) modify(mod Modification) {
	if p.body != nil {
		panic("a change behind the body: " + mod.short())
	}
	switch mod.Kind {
	case AddRecipient:
		path, err := message.ParsePath(mod.Address)
		if err != nil {
			panic(err)
		}
		p.rcpts = append(p.rcpts, postfixRecipient{raw: mod.Address, key: path.Key(), args: mod.Args})
	case ReplaceBody:
		if p.body != nil {
			panic("the body is replaced twice")
		}
		body := string(mod.Body)
		p.body = &body
	case DeleteRecipient:
		p.rcpts = slices.DeleteFunc(p.rcpts, func(r postfixRecipient) bool { return r.raw == strings.Trim(mod.Address, "<>") })
	default:
		var ok bool
		if p.fields, ok = mod.Apply(p.fields); !ok {
			panic("no such field: " + mod.short())
		}
	}
}

// envelope gives the recipients as they are delivered, each once.
func (p *postfix) envelope() []string {
	seen := make(map[string]bool)
	var out []string
	for _, r := range p.rcpts {
		if !seen[r.key] {
			seen[r.key] = true
			out = append(out, strings.Join(append([]string{r.key}, r.args...), " "))
		}
	}
	slices.Sort(out)
	return out
}

// message gives the octets as Postfix sends them on: with CRLF line ends.
func (p *postfix) message(body string) string {
	var b strings.Builder
	for _, f := range p.fields {
		b.WriteString(strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n").Replace(f.Name + ":" + f.Value + "\n"))
	}
	return b.String() + "\r\n" + body
}

// TestBothRenderersGiveTheSameCopy makes copies of one message for two forks, in
// every way an edit can meet what is there.
func TestBothRenderersGiveTheSameCopy(t *testing.T) {
	headers := [][]string{
		nil,
		{"Subject: old", "To: b@x.example"},
		{"X-A: 1", "Subject: =?utf-8?Q?=C3=BC?=", "x-a: 2", "subject:\r\n folded\n twice", "X-A: 3", "Cc:", "To: c@x.example,"},
		{"X-Postern-Release: 1", "MSIP_Justification: x", "X-MS-Exchange-Organization-SCL: 5", "X-Postern-Loop : 2", "x-postern-loop: 3", "Subject:"},
	}
	lists := [][]Edit{
		nil,
		{{Action: setHeader, Name: "X-A", Value: "new"}},
		{{Action: removeHeader, Name: "X-A"}, {Action: setHeader, Name: "X-A", Value: "ü"}},
		{{Action: removeHeader, Name: "X-A", Value: "2"}, {Action: prependSubject, Value: "[X] "}, {Action: prependSubject, Value: "[Ü]"}},
		{{Action: addRecipients, Name: "to", Value: "t@x.example"}, {Action: addRecipients, Name: "cc", Value: "c@x.example"}, {Action: addRecipients, Name: "bcc", Value: "b@x.example"}, {Action: addRecipients, Name: "bcc", Value: "audit@x.example"}},
		{{Action: redirect, Value: "desk@x.example"}, {Action: addRecipients, Name: "cc", Value: "c@x.example"}},
		{{Action: redirect, Value: "c@x.example"}},
	}
	for i, h := range headers {
		for j, l := range lists {
			for _, ours := range []bool{true, false} {
				t.Run(fmt.Sprintf("header %d/edits %d/ours %v", i, j, ours), func(t *testing.T) {
					m := messageTo(headerOf(h...), "b@x.example", "B@x.example", "c@x.example", "b@x.example")
					m.Envelope.Recipients[1].Path = m.Envelope.Recipients[0].Path // made one by the MTA
					forks := []Fork{{Recipients: []int{0, 1, 3}, Route: InSession, Edits: l}, {Recipients: []int{2}, Route: Held}}
					c := newDeliveries(&editor{m: m, ours: ours}, forks).copy(&forks[0])
					sameRendered(t, m, &forks[0], c)
				})
			}
		}
	}
}

// A recipient is deleted by what the client wrote, once, and, where that is more
// than an address, also by the address that the MTA read in it.
func TestRecipientsAreDeletedByWhatTheClientWrote(t *testing.T) {
	m := messageTo(nil, "B@X.example", "keep@x.example", "alias+b@x.example", "B@X.example", "@one.example,@two.example:eve@x.example", `"quo ted"@x.example`, "@r.example:keep@x.example")
	m.Envelope.Recipients[2].Path = m.Envelope.Recipients[0].Path
	f := Fork{Recipients: []int{1}, Route: InSession}
	c := newDeliveries(&editor{m: m, ours: true}, []Fork{f}).copy(&f)
	var got []string
	for _, mod := range c.modifications(m, &f) {
		got = append(got, mod.short())
	}
	want := []string{"drop <B@X.example>", "drop <alias+b@x.example>", "drop <B@x.example>", "drop <@one.example,@two.example:eve@x.example>", "drop <eve@x.example>",
		`drop <"quo ted"@x.example>`, "drop <@r.example:keep@x.example>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modifications (-want +got):\n%s", diff)
	}
}

func TestAnAddedRecipientGetsOneCopy(t *testing.T) {
	tests := []struct {
		name  string
		forks []Fork
		want  []string // the recipients of each copy
	}{
		{
			name: "added by both forks",
			forks: []Fork{
				{Recipients: []int{0}, Edits: []Edit{{Action: addRecipients, Name: "bcc", Value: "audit@x.example"}}},
				{Recipients: []int{1}, Edits: []Edit{{Action: addRecipients, Name: "bcc", Value: "AUDIT@x.example"}}},
			},
			want: []string{"b@x.example audit@x.example", "c@x.example"},
		},
		{
			name: "a recipient of another fork",
			forks: []Fork{
				{Recipients: []int{0}, Edits: []Edit{{Action: addRecipients, Name: "cc", Value: "c@x.example"}}},
				{Recipients: []int{1}},
			},
			want: []string{"b@x.example", "c@x.example"},
		},
		{
			name: "redirected to a recipient of another fork",
			forks: []Fork{
				{Recipients: []int{0}, Edits: []Edit{{Action: redirect, Value: "c@x.example"}}},
				{Recipients: []int{1}},
			},
			want: []string{"", "c@x.example"},
		},
		{
			name: "added where it was redirected away",
			forks: []Fork{
				{Recipients: []int{0}, Edits: []Edit{{Action: redirect, Value: "desk@x.example"}}},
				{Recipients: []int{1}, Edits: []Edit{{Action: addRecipients, Name: "bcc", Value: "b@x.example"}}},
			},
			want: []string{"desk@x.example", "c@x.example b@x.example"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := messageTo(nil, "b@x.example", "c@x.example")
			for i := range tt.forks {
				tt.forks[i].Route = Resubmitted
			}
			copies := newDeliveries(&editor{m: m, ours: true}, tt.forks)
			var got []string
			for i := range tt.forks {
				copies.copy(&tt.forks[i])
				got = append(got, strings.Join(tt.forks[i].FinalRecipients, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("recipients of the copies (-want +got):\n%s", diff)
			}
		})
	}
}

// A redirected message that cannot be delivered is not lost in silence, unless its
// sender wished for silence.
func TestARedirectAsksForWordOfAFailure(t *testing.T) {
	for _, tt := range []struct{ b, c, want string }{
		{"", "", "NOTIFY=FAILURE"},
		{"NOTIFY=NEVER", "", "NOTIFY=FAILURE"},
		{"NOTIFY=NEVER", "NOTIFY=delay,failure", "NOTIFY=FAILURE"},
		{"NOTIFY=NEVER", "NOTIFY=SUCCESS", "NOTIFY=NEVER"},
	} {
		m := messageTo(nil, "b@x.example", "c@x.example")
		m.Envelope.Recipients[0].Args, m.Envelope.Recipients[1].Args = []string{tt.b}, []string{tt.c}
		f := Fork{Recipients: []int{0, 1}, Route: Resubmitted, Edits: []Edit{{Action: redirect, Value: "desk@x.example"}}}
		c := newDeliveries(&editor{m: m, ours: true}, []Fork{f}).copy(&f)
		if len(c.final) != 1 || !slices.Equal(c.final[0].args, []string{tt.want}) {
			t.Errorf("%q and %q: %+v, want %s", tt.b, tt.c, c.final, tt.want)
		}
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
	c, _ := (&editor{m: m}).edit([]Edit{{Action: prependSubject, Value: "[x] "}})
	mods, removed := c.mods, c.removed
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
