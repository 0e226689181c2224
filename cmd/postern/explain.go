package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// envelopeFlags are what the command line says of the envelope.
type envelopeFlags struct {
	from          string
	fromSet       bool
	to            []string
	clientAddress string
	authenticated string
	listener      string
}

func newExplain() *cobra.Command {
	var file, store, ref, at string
	var asJSON bool
	var how explainHow
	var env envelopeFlags
	cmd := &cobra.Command{
		Use:   "explain MESSAGE… | --ref REFERENCE",
		Short: "Say what would happen to a message, and why",
		Long: `Explain judges messages in files by the policies, exactly as mail is judged, and
prints the decision and what each rule and each of its conditions came to: its
value, why it holds or does not, and in which parts. Nothing is sent, held or
recorded. "-" reads standard input.

What was found is masked, and so are the texts of all parts that --text prints.
--brief leaves out what did not decide a rule.

With --ref it prints the decision that was recorded under a reference, as it was
told to a sender.

What the files do not say of the SMTP session is given by flags. Without --from
and --to the envelope is made of the header fields From, To, Cc and Bcc.`,
		Example: `  postern explain message.eml
  postern explain --from anna@example.com --to b@partner.example --authenticated anna message.eml
  postern explain --ref P-7K3M9Q --json
  postern explain --text --brief message.eml
  postern explain --from '<>' --listener MX --client-address 192.0.2.7 --json *.eml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if ref != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if ref != "" {
				return runDesk(cmd, file, store, &deskRequest{Do: "explain", Item: strings.ToUpper(ref)}, asJSON, how.printRecorded)
			}
			env.fromSet = cmd.Flags().Changed("from")
			base, err := env.envelope()
			if err != nil {
				return err
			}
			w, err := loadGood(cmd.Context(), file, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if at != "" {
				moment, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return fmt.Errorf("--at: write a time as 2026-01-31T08:00:00+01:00, not %q", clip(at, 60))
				}
				w.rules.Now = func() time.Time { return moment }
			}
			docs, err := newDocuments(w.config.process.readers, nil)
			if err != nil {
				return err
			}
			defer docs.Close()
			docs.serveWorld(&w.rules)
			out := newOutput(cmd.OutOrStdout(), asJSON)
			return eachFile(cmd, out, files, func(name string, r io.Reader) error {
				return how.explain(cmd.Context(), out, w, base, env.fromSet, name, r)
			})
		},
	}
	configFlag(cmd, &file)
	storeFlag(cmd, &store)
	jsonFlag(cmd, &asJSON)
	f := cmd.Flags()
	f.BoolVar(&how.brief, "brief", false, "leave out conditions that did not decide their rule")
	f.BoolVar(&how.text, "text", false, "print the text of each part, masked")
	f.StringVar(&ref, "ref", "", "print the recorded decision of this reference")
	f.StringVar(&env.from, "from", "", "reverse-path; '<>' is the null path (default: header field From)")
	f.StringArrayVar(&env.to, "to", nil, "forward-path; may be repeated (default: header fields To, Cc and Bcc)")
	f.StringVar(&env.clientAddress, "client-address", "", "IP address of the SMTP client")
	f.StringVar(&env.authenticated, "authenticated", "", "login name of the SMTP session")
	f.StringVar(&env.listener, "listener", "", "name of the mail server's listener ({daemon_name})")
	f.StringVar(&at, "at", "", "when it is judged, as 2026-01-31T08:00:00+01:00, for rules with dates (default: now)")
	return cmd
}

// explainHow says how much is printed.
type explainHow struct {
	brief bool
	text  bool
}

// printRecorded prints a recorded decision.
func (h explainHow) printRecorded(o *output, r deskReply, _ []byte) error {
	if o.json {
		_, err := o.w.Write(append(r.Explain, '\n'))
		return err
	}
	var e explanationJSON
	if err := json.Unmarshal(r.Explain, &e); err != nil {
		return fmt.Errorf("the record cannot be read: %w", err)
	}
	e.File = e.Reference
	o.explanation(e, h.brief)
	return nil
}

// loadGood loads a configuration without mistakes, as serve does; otherwise they
// are printed.
func loadGood(ctx context.Context, file string, stderr io.Writer) (*world, error) {
	w, _, problems, err := loadSettled(ctx, file, classify.Builtin(), anyPolicy)
	if err != nil {
		return nil, err
	}
	if w == nil {
		for _, p := range problems {
			if p.Severity == strictyaml.Error {
				fmt.Fprintln(stderr, p)
			}
		}
		fmt.Fprintln(stderr, "postern: the configuration has mistakes")
		return nil, errSaid
	}
	return w, nil
}

// eachFile opens the files named one by one and goes on at those that cannot be
// read, each of which is told of. What is printed for a file is written before
// the next one is opened.
func eachFile(cmd *cobra.Command, out *output, names []string, do func(name string, r io.Reader) error) error {
	var failed bool
	for _, name := range names {
		err := withFile(cmd, name, do)
		if ferr := out.flush(); ferr != nil {
			return ferr
		}
		if err != nil {
			failed = true
			fmt.Fprintf(cmd.ErrOrStderr(), "postern: %v\n", err)
		}
	}
	if failed {
		return errSaid
	}
	return nil
}

func withFile(cmd *cobra.Command, name string, do func(name string, r io.Reader) error) error {
	if name == "-" {
		return do(name, cmd.InOrStdin())
	}
	if st, err := os.Stat(name); err == nil && st.IsDir() {
		return fmt.Errorf("%s is a directory", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return plainError(err)
	}
	defer f.Close()
	return do(name, f)
}

// envelope makes the part of the envelope that is the same for all files.
func (f *envelopeFlags) envelope() (message.Envelope, error) {
	env := message.Envelope{Authenticated: f.authenticated, Listener: f.listener}
	if f.clientAddress != "" {
		a, err := netip.ParseAddr(f.clientAddress)
		if err != nil {
			return env, fmt.Errorf("--client-address: %q is no IP address", f.clientAddress)
		}
		env.ClientAddr = a.Unmap()
	}
	if f.fromSet {
		p, err := message.ParsePath(f.from)
		if err != nil {
			return env, fmt.Errorf("--from: %q is no address", f.from)
		}
		env.ReversePath = p
	}
	for _, to := range f.to {
		p, err := message.ParsePath(to)
		if err != nil || p.IsNull() {
			return env, fmt.Errorf("--to: %q is no address", to)
		}
		env.Recipients = append(env.Recipients, recipient(p))
	}
	return env, nil
}

func recipient(p message.Path) message.Recipient {
	return message.Recipient{Raw: "<" + p.String() + ">", Path: p}
}

// fill makes the envelope of a message complete with its header fields.
func fill(env message.Envelope, h message.Header, fromSet bool) message.Envelope {
	if !fromSet {
		if from := h.Addresses("From"); len(from) > 0 {
			env.ReversePath = from[0]
		}
	}
	if len(env.Recipients) > 0 {
		return env
	}
	seen := make(map[string]bool)
	for _, name := range []string{"To", "Cc", "Bcc"} {
		for _, p := range h.Addresses(name) {
			if !p.IsNull() && !seen[p.Key()] {
				seen[p.Key()] = true
				env.Recipients = append(env.Recipients, recipient(p))
			}
		}
	}
	return env
}

func (h explainHow) explain(ctx context.Context, out *output, w *world, base message.Envelope, fromSet bool, name string, r io.Reader) error {
	p := w.config.process
	m, err := readMessage(base, r, p)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer m.Close()
	m.Envelope = fill(base, m.Header, fromSet)
	if len(m.Envelope.Recipients) == 0 {
		return fmt.Errorf("%s: the message names no recipient; give --to", name)
	}
	ctx, cancel := context.WithTimeout(ctx, p.decision)
	defer cancel()
	scan := rules.NewScan(&w.rules, m)
	e := explained(name, m, w.engine.Run(ctx, w.set, scan, actions.DryRun{}))
	e.find(ctx, scan, shownMatches)
	e.read(ctx, scan, h.text)
	if out.json {
		return out.object(e)
	}
	out.explanation(e, h.brief)
	return nil
}

// readMessage reads a message of at most the size that serve takes.
func readMessage(env message.Envelope, r io.Reader, p process) (*message.Message, error) {
	limited := &io.LimitedReader{R: r, N: p.messageSize + 1}
	m, err := message.Read(env, limited, message.NewBudget(p.memory, os.TempDir()), p.limits)
	if err != nil {
		return nil, err
	}
	if limited.N <= 0 {
		m.Close()
		return nil, fmt.Errorf("the message is larger than limits.messageSize, %d octets", p.messageSize)
	}
	return m, nil
}

// explanation prints a decision for people.
func (o *output) explanation(e explanationJSON, brief bool) {
	from := "<" + e.Envelope.From + ">"
	o.printf("%s: from %s to %s", clip(e.File, 300), clip(from, 300), clip(strings.Join(bound(e.Envelope.To, 10), ", "), 4000))
	whose := "a session that is not ours"
	if e.Envelope.Trusted {
		whose = "a session of ours"
	}
	o.printf(", %s\n", whose)
	for _, f := range e.Forks {
		o.printf("  %s", f.Verdict)
		if len(e.Forks) > 1 {
			o.printf(" for %s", clip(strings.Join(bound(f.Recipients, 10), ", "), 4000))
		}
		if f.DecidedBy != nil {
			o.printf(" by %s", f.DecidedBy)
		}
		o.printf("\n")
		if f.Reply != nil {
			o.printf("    reply: %d %s %s\n", f.Reply.Code, f.Reply.Enhanced, strings.ReplaceAll(f.Reply.Text, "\n", "\n           "))
		}
		for _, edit := range f.Edits {
			o.printf("    %s\n", edit)
		}
		if len(f.Stripped) > 0 {
			o.printf("    attachments removed: %s\n", clip(strings.Join(bound(f.Stripped, 10), ", "), 2000))
		}
		if len(f.BrokenSignatures) > 0 {
			o.printf("    breaks the DKIM signature of %s\n", clip(strings.Join(bound(f.BrokenSignatures, 10), ", "), 300))
		}
		for _, e := range f.Failures {
			o.printf("    not done: %s of %s: %s; %s\n", e.Action, e.ruleJSON, clip(e.Reason, 300), e.Remedy)
		}
		for _, n := range f.Notices {
			o.printf("    mail: %s\n", n)
		}
		for _, r := range f.Rules {
			if r.State == string(actions.Halted) || r.State == string(actions.Stopped) {
				o.printf("    %s: %s\n", r.State, r.ruleJSON)
			}
		}
		o.simulated(f)
	}
	for _, r := range e.Rules {
		o.ruleExplained(r, len(e.Envelope.To), brief)
	}
	for _, u := range e.Undecided {
		o.printf("  %s for %s: %s could not be judged: %s\n", u.Remedy, clip(strings.Join(bound(u.Recipients, 10), ", "), 4000), u.ruleJSON, clip(u.Reason, 300))
	}
	for _, n := range e.NotTold {
		o.printf("  no mail: %s: %s\n", n.noticeJSON, n.Reason)
	}
	for _, a := range e.Alerts {
		o.printf("  alert: %s: %s", a.ruleJSON, a.Counts)
		if len(a.To) > 0 {
			o.printf("; mail to %s", clip(strings.Join(bound(a.To, 10), ", "), 4000))
		}
		o.printf("\n")
	}
	o.signals(e.Signals)
	for _, p := range e.Parts {
		what := "body"
		if p.Attachment {
			what = "attachment"
		}
		o.printf("  part %s: %s, %s, %s, %d characters of text\n", clip(p.Part, 200), what, p.MediaType, p.Status, p.Characters)
		for line := range strings.Lines(p.Text) {
			o.printf("    | %s\n", clip(strings.TrimRight(line, "\r\n"), 2000))
		}
	}
	if e.Error != "" {
		o.printf("  error: %s\n", clip(e.Error, 300))
	}
}

// simulated tells what a fork would have come to with all test policies on, where that
// is something else and rules of theirs matched. A message put off, or held because it
// could not be judged, shows nothing: a test would not have told more.
func (o *output) simulated(f forkJSON) {
	s := f.Simulated
	tested := slices.ContainsFunc(f.Rules, func(r ruleStateJSON) bool { return r.State == string(actions.Simulated) })
	if !tested || f.Verdict == string(actions.Defer) || f.Reason != "" || s.Verdict == f.Verdict && len(s.Edits) == 0 {
		return
	}
	o.printf("    with test policies on: %s", s.Verdict)
	if s.DecidedBy != nil {
		o.printf(" by %s", s.DecidedBy)
	}
	o.printf("\n")
	for _, edit := range s.Edits {
		o.printf("      %s\n", edit)
	}
}

// ruleExplained prints what a rule came to, with all its conditions or with those
// that decided it.
func (o *output) ruleExplained(r ruleResultJSON, recipients int, brief bool) {
	o.printf("  rule %s (%s): %s", ruleJSON{r.Policy, r.Rule}, r.Mode, resultWords[r.Result])
	if n := len(r.Recipients); n > 0 && n < recipients {
		o.printf(" for %s", clip(strings.Join(bound(r.Recipients, 10), ", "), 4000))
	}
	if len(r.UnknownFor) > 0 {
		o.printf(", unknown for %s", clip(strings.Join(bound(r.UnknownFor, 10), ", "), 4000))
	}
	if r.Reason != "" {
		o.printf(": %s", clip(r.Reason, 500))
	}
	o.printf("\n")
	conditions := r.Conditions
	if brief {
		conditions = r.telling()
	}
	for _, c := range conditions {
		o.conditionExplained(c, r.Result == string(rules.NotEvaluated))
	}
	for _, ev := range r.Evidence {
		o.printf("    found %s: %d, %d different, confidence %d, in %s\n", ev.Type, ev.Count, ev.UniqueCount, ev.Confidence, clip(strings.Join(bound(ev.Parts, 10), ", "), 1000))
		for i, m := range ev.Matches {
			if i == 10 {
				o.printf("      and %d more\n", len(ev.Matches)-i)
				break
			}
			o.printf("      %s, confidence %d, in %s\n", clip(m.Value.String(), 200), m.Confidence, clip(m.Part, 200))
		}
	}
}

// conditionExplained prints one condition: its answer, what it asks and why. The
// rule says why when none was asked.
func (o *output) conditionExplained(c conditionJSON, noneAsked bool) {
	answer := c.Result
	if c.Result == string(rules.NotEvaluated) {
		answer = "–"
	}
	where := "when"
	path, exception := strings.CutPrefix(c.Path, "exceptions")
	if exception {
		where = "unless"
	} else {
		path = strings.TrimPrefix(c.Path, "conditions")
	}
	if path = strings.TrimPrefix(path, "."); path != "" {
		where += " " + path
	}
	o.printf("    %-7s  %s %s", answer, where, c.Condition)
	if c.Value != "" {
		o.printf(": %s", clip(c.Value, 200))
	}
	if c.Reason != "" && !noneAsked {
		o.printf(" – %s", clip(c.Reason, 500))
	}
	if len(c.Parts) > 0 {
		o.printf(", in %s", clip(strings.Join(bound(c.Parts, 10), ", "), 1000))
	}
	o.printf("\n")
}

var resultWords = map[string]string{"matched": "matched", "notMatched": "not matched", "unknown": "unknown", "notEvaluated": "not evaluated"}

// telling gives the conditions that people are shown: for a rule that matched
// what held, for any other what kept it from matching.
func (r *ruleResultJSON) telling() []conditionJSON {
	var held, failed, excepted []conditionJSON
	for _, c := range r.Conditions {
		switch {
		case c.Result == "notEvaluated":
		case c.Result == "true" && strings.HasPrefix(c.Path, "exceptions"):
			excepted = append(excepted, c)
		case c.Result == "true":
			held = append(held, c)
		case !strings.HasPrefix(c.Path, "exceptions") || c.Result == "unknown":
			failed = append(failed, c)
		}
	}
	switch {
	case r.Result == "matched":
		return held
	case len(excepted) > 0:
		return excepted
	case len(failed) > 0:
		return failed
	}
	return held // a `not` turned what held
}
