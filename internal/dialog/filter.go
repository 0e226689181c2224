package dialog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/milter"
)

// ScriptedFilter is a filter that does what each message asks for in its
// X-Test-Verdict fields, one directive a field, made in order:
//
//	accept                      deliver; so does a message without directives
//	block CODE ENHANCED TEXT    refuse; " | " parts the lines of the text
//	defer CODE ENHANCED TEXT    refuse for now
//	discard                     have the MTA say 250 and keep nothing
//	add NAME: VALUE             add a field at the end
//	insert N NAME: VALUE        insert it as field N of the section
//	change N NAME: VALUE        change field N of the name
//	delete N NAME               delete field N of the name
//	rcpt+ ADDRESS [ARGS]        add a recipient
//	rcpt- ADDRESS               delete one, as given with RCPT
//	slow DURATION               decide later
//	panic
//
// In texts and values {seen} stands for what the filter saw of envelope and
// message, {raw NAME} for the quoted values of all fields of a name, and {octets
// NAME} for the octets of the first one, its folds counted as LF. Thus a script sees at once when something of another message has crossed over.
type ScriptedFilter struct{}

var _ milter.Filter = ScriptedFilter{}

// Judge implements [milter.Filter].
func (ScriptedFilter) Judge(ctx context.Context, m *message.Message) actions.Outcome {
	out := actions.Outcome{Verdict: actions.Deliver}
	for _, directive := range m.Header.Texts("X-Test-Verdict") {
		if err := obey(ctx, m, strings.TrimSpace(directive), &out); err != nil {
			return actions.Outcome{Verdict: actions.Block, Reply: actions.NewReply(554, "5.3.5", fmt.Sprintf("directive %q: %v", directive, err))}
		}
	}
	return out
}

// Done implements [milter.Filter].
func (ScriptedFilter) Done(*message.Message, actions.Outcome, time.Duration, error) {}

func obey(ctx context.Context, m *message.Message, directive string, out *actions.Outcome) error {
	word, rest, _ := strings.Cut(directive, " ")
	rest = expand(rest, m)
	var mod actions.Modification
	switch word {
	case "accept":
		return nil
	case "block", "defer":
		var code int
		var enhanced string
		if _, err := fmt.Sscan(rest, &code, &enhanced); err != nil {
			return err
		}
		_, text, _ := strings.Cut(rest, enhanced+" ")
		out.Verdict = actions.Block
		if word == "defer" {
			out.Verdict = actions.Defer
		}
		out.Reply = actions.NewReply(code, enhanced, strings.Split(text, " | ")...)
		return nil
	case "discard":
		out.Verdict = actions.Discard
		return nil
	case "panic":
		panic("asked for by the message")
	case "slow":
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
		return nil
	case "add":
		mod.Kind = actions.AddHeader
	case "insert":
		mod.Kind = actions.InsertHeader
	case "change":
		mod.Kind = actions.ChangeHeader
	case "delete":
		mod.Kind = actions.DeleteHeader
	case "rcpt+", "rcpt-":
		args := strings.Fields(rest)
		if len(args) == 0 {
			return fmt.Errorf("no address")
		}
		mod = actions.Modification{Kind: actions.AddRecipient, Address: args[0], Args: args[1:]}
		if word == "rcpt-" {
			mod.Kind = actions.DeleteRecipient
		}
	default:
		return fmt.Errorf("unknown")
	}
	if strings.HasSuffix(word, "e") || word == "insert" { // they name a place
		place, after, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(place)
		if err != nil {
			return err
		}
		mod.Index, rest = n, after
	}
	if mod.Address == "" {
		name, value, _ := strings.Cut(rest, ":")
		mod.Name, mod.Value = name, strings.ReplaceAll(strings.TrimSpace(value), `\n`, "\r\n")
	}
	out.Modifications = append(out.Modifications, mod)
	return nil
}

// expand puts in what a directive asks to be told.
func expand(s string, m *message.Message) string {
	s = strings.ReplaceAll(s, "{seen}", seen(m))
	s = expandField(s, "{raw ", func(name string) string {
		var values []string
		for _, f := range m.Header.All(name) {
			values = append(values, strconv.QuoteToASCII(f.Value))
		}
		return strings.Join(values, " ")
	})
	return expandField(s, "{octets ", func(name string) string {
		f, _ := m.Header.Get(name)
		return strconv.Itoa(len(strings.ReplaceAll(f.Value, "\r\n", "\n")))
	})
}

// expandField replaces what begins with open, and names a field up to "}".
func expandField(s, open string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, open)
		name, rest, closed := strings.Cut(after, "}")
		if !ok || !closed {
			return b.String() + s
		}
		b.WriteString(before + value(name))
		s = rest
	}
}

// seen says in one line what is known of a message.
func seen(m *message.Message) string {
	var to []string
	for _, r := range m.Envelope.Recipients {
		to = append(to, r.Path.String()+strings.Join(append([]string{""}, r.Args...), ","))
	}
	recipients := strings.Join(to, " ")
	if len(to) > 5 {
		recipients = strconv.Itoa(len(to)) + " recipients"
	}
	octets := 0
	if m.Root != nil && len(m.Root.Children) == 0 {
		if b, err := m.Root.Content(); err == nil {
			octets = len(b)
		}
	}
	from := "<>"
	if !m.Envelope.ReversePath.IsNull() {
		from = m.Envelope.ReversePath.String()
	}
	s := fmt.Sprintf("id=%s from=%s args=%s to=%s body=%d", strings.Join(m.Header.Texts("X-Test-Id"), "+"),
		from, strings.Join(m.Envelope.MailArgs, ","), recipients, octets)
	if m.Envelope.Simulated {
		s += " simulated"
	}
	return s
}
