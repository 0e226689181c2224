package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/postern-mail/postern/internal/mta"
	"github.com/postern-mail/postern/internal/sink"
)

// Row is one message of examples/demo.yaml and what must become of it.
type row struct {
	Message  string
	Says     string
	Listener string
	Login    string
	Client   string
	From     string
	To       []string

	Rule      string
	Simulated string
	Verdict   string
	Reply     string // how the reply begins
	Sink      *arrival
	Report    *arrival // to the sender, of those who did not get it
	Release   bool     // a reviewer releases what is held

	got struct {
		reply             string
		record            record
		delivered, report *sink.Message
		released          *released // nil where nothing was held
	}
}

// Arrival is a message that the sink must have got.
type arrival struct {
	To  []string
	Has []string // lines of its header section
	// Names are texts that its content must hold.
	Names []string
	// Refused are the recipients that a report must be about, and no others; none
	// leaves it open.
	Refused []string
}

// Record is the line that Postern logs for a message, as far as the table shows
// it.
type record struct {
	Event      string
	Reference  string
	QueueID    string `json:"queueId"`
	Sender     string
	Recipients []string
	Verdict    string
	Rule       string
	Matched    []string
	Simulated  []string
	Reply      string
}

// By is the rule that decided, or else the first that was applied, without its
// policy; empty for none.
func (r record) by() string {
	name := r.Rule
	for _, m := range r.Matched {
		if applied, ok := strings.CutSuffix(m, ": applied"); ok && name == "" {
			name = applied
		}
	}
	_, rule, _ := strings.Cut(name, " / ")
	return rule
}

func readRows(file string) ([]*row, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []*row
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rows, nil
}

// Send sends the message to its listener and keeps the client's last reply.
func (r *row) send(ctx context.Context, i *mta.Instance, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, r.Message))
	if err != nil {
		return err
	}
	c, err := mta.Dial(ctx, i.Addr(r.Listener))
	if err != nil {
		return err
	}
	defer c.Close()
	if r.Login != "" || r.Client != "" {
		if err := c.Impersonate(r.Login, r.Client); err != nil {
			return err
		}
	}
	reply, _, err := c.Send(r.From, r.To, text)
	if err != nil {
		return err
	}
	r.got.reply = oneLine(reply)
	return c.Quit()
}

// Differences says what is not as expected.
func (r *row) differences() []string {
	var diff []string
	differs := func(what, got, want string) { diff = append(diff, fmt.Sprintf("%s is %q, not %q", what, got, want)) }
	rec := r.got.record
	if rec.by() != r.Rule {
		differs("the rule", rec.by(), r.Rule)
	}
	if rec.Verdict != r.Verdict {
		differs("the verdict", rec.Verdict, r.Verdict)
	}
	if simulated := strings.Join(rec.Simulated, ", "); simulated != r.Simulated {
		differs("the simulated verdict", simulated, r.Simulated)
	}
	if !strings.HasPrefix(r.got.reply, r.Reply) {
		differs("the reply", r.got.reply, r.Reply)
	}
	diff = append(diff, r.Sink.differences("it", r.got.delivered)...)
	diff = append(diff, r.Report.differences("a report", r.got.report)...)
	if r.Release {
		diff = append(diff, r.got.released.differences(r.got.delivered)...)
	}
	return diff
}

// Differences says how a message is not the one that must arrive.
func (a *arrival) differences(what string, m *sink.Message) []string {
	switch {
	case a == nil && m != nil:
		return []string{what + " was delivered"}
	case a != nil && m == nil:
		return []string{what + " was not delivered"}
	case m == nil:
		return nil
	}
	var diff []string
	differs := func(name, got, want string) {
		diff = append(diff, fmt.Sprintf("%s of what was delivered is %q, not %q", name, got, want))
	}
	got, want := m.Recipients(), slices.Clone(a.To)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		differs("the list of recipients", strings.Join(got, " "), strings.Join(want, " "))
	}
	for _, line := range a.Has {
		name, value, _ := strings.Cut(line, ": ")
		if got := m.Header(name); len(got) != 1 || got[0] != value {
			differs("the field "+name, strings.Join(got, " | "), value)
		}
	}
	refused := slices.Sorted(slices.Values(a.Refused))
	if about := m.Refused(); len(refused) > 0 && !slices.Equal(about, refused) {
		differs("the list of refused recipients", strings.Join(about, " "), strings.Join(refused, " "))
	}
	for _, text := range a.Names {
		if !bytes.Contains(m.Data, []byte(text)) {
			diff = append(diff, fmt.Sprintf("%s does not name %q", what, text))
		}
	}
	return diff
}

// Cells gives the row of the table.
func (r *row) cells() []string {
	rule := r.got.record.by()
	if rule == "" {
		rule = "-"
	}
	for _, s := range r.got.record.Simulated {
		rule = "on trial: " + s
	}
	delivered := "nothing"
	if m := r.got.delivered; m != nil {
		delivered = strings.Join(m.Recipients(), ", ") + ": " + strings.Join(m.Header("Subject"), " ")
		for _, name := range []string{"X-Example-Class", "X-Example-Origin", "X-Example-Attachment"} {
			for _, v := range m.Header(name) {
				delivered += "; " + name + ": " + v
			}
		}
	}
	if m := r.got.report; m != nil {
		delivered += " / " + strings.Join(m.Recipients(), ", ") + ": " + strings.Join(m.Header("Subject"), " ")
	}
	if r.got.released != nil && len(r.got.released.differences(r.got.delivered)) == 0 {
		delivered += "; listed, released, the same octet for octet, its DKIM signature is good"
	}
	good := "yes"
	if len(r.differences()) > 0 {
		good = "NO"
	}
	return []string{r.Says, rule, r.got.record.Verdict, r.got.reply, delivered, good}
}

// OneLine gives a reply in one line, its codes once.
func oneLine(r mta.Reply) string {
	lines := slices.Clone(r.Lines)
	status, _, _ := strings.Cut(lines[0], " ")
	for i := range lines[1:] {
		lines[i+1] = strings.TrimPrefix(lines[i+1], status+" ")
	}
	return fmt.Sprintf("%d %s", r.Code, strings.Join(lines, " / "))
}
