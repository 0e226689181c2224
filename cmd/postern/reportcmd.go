package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/quarantine"
)

// report counts matches.
func (d *desk) report(ctx context.Context, q *recordsQuery) ([]audit.Count, error) {
	var by []audit.Dimension
	for _, word := range q.By {
		if audit.Dimension(word) == audit.BySender && !d.senders {
			return nil, unknown{"reports by sender are off: write `reports: {senders: true}` in postern.yaml if your organisation has agreed to them"}
		}
		by = append(by, audit.Dimension(word))
	}
	counter, err := audit.NewCounter(by, q.Choice, d.zone)
	if err != nil {
		return nil, err
	}
	q.Operations = []string{string(audit.DlpRuleMatch)}
	f, err := q.filter(d.zone, time.Now())
	if err != nil {
		return nil, err
	}
	for row, err := range d.vault.Records(ctx, f) {
		if err != nil {
			return nil, err
		}
		rec, err := audit.Parse(row.Data)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", row.Number, err)
		}
		if err := counter.Add(&rec); err != nil {
			return nil, err
		}
	}
	return counter.Counts(), nil
}

// told gives a page of what is told of matches, as lines of JSON: incidents, or
// matches that senders have overridden.
func (d *desk) told(ctx context.Context, what string, q *recordsQuery, reply *deskReply) ([]byte, error) {
	q.Operations = []string{string(audit.DlpRuleMatch)}
	var b bytes.Buffer
	var err error
	reply.After, err = d.page(ctx, q, func(row *quarantine.Record) (int, error) {
		rec, err := audit.Parse(row.Data)
		if err != nil {
			return 0, fmt.Errorf("record %d: %w", row.Number, err)
		}
		before := b.Len()
		for _, v := range toldLines(what, q, &rec) {
			line, err := compact(v)
			if err != nil {
				return 0, err
			}
			b.Write(append(line, '\n'))
		}
		return b.Len() - before, nil
	})
	return b.Bytes(), err
}

func toldLines(what string, q *recordsQuery, rec *audit.Record) (out []any) {
	if what == "overrides" {
		for _, e := range q.Choice.Exceptions(rec) {
			out = append(out, e)
		}
		return out
	}
	in, ok := q.Choice.Incident(rec)
	if !ok {
		return nil
	}
	if !q.People {
		in.Sender, in.Recipients, in.Subject = "", nil, ""
	}
	return []any{in}
}

// reportFlags are those of every report.
type reportFlags struct {
	deskFlags
	csv bool
	q   recordsQuery
}

func (f *reportFlags) add(cmd *cobra.Command) {
	f.deskFlags.add(cmd)
	cmd.Flags().BoolVar(&f.csv, "csv", false, "print comma-separated values (RFC 4180)")
	cmd.MarkFlagsMutuallyExclusive("csv", "json")
	sinceFlags(cmd, &f.q)
	cmd.Flags().StringVar(&f.q.Since, "from", "", "the same as --since")
	cmd.MarkFlagsMutuallyExclusive("since", "from")
	c := &f.q.Choice
	cmd.Flags().StringArrayVar(&c.Policies, "policy", nil, "only matches of this policy; may be repeated, as the ones that follow")
	cmd.Flags().StringArrayVar(&c.Rules, "rule", nil, "only matches of this rule")
	cmd.Flags().StringArrayVar(&c.Actions, "action", nil, "only matches with this action")
	cmd.Flags().StringArrayVar(&c.Types, "type", nil, "only matches of this sensitive information type")
	cmd.Flags().StringArrayVar(&c.Severities, "severity", nil, "only matches of this severity: Low, Medium, High or None")
	cmd.Flags().StringVar(&c.Mode, "only", "", "only enforced, or only simulated matches (of policies in a test mode)")
}

func (f *reportFlags) check() error {
	if m := f.q.Choice.Mode; m != "" && m != audit.ModeEnforced && m != audit.ModeSimulated {
		return fmt.Errorf("--only: write %s or %s, not %q", audit.ModeEnforced, audit.ModeSimulated, clip(m, 20))
	}
	return nil
}

func newReport() *cobra.Command {
	var flags reportFlags
	var by []string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Count matches over time, by policy, rule, action or type",
		Long: `Report counts what rules have matched. Each message counts once in the column
messages, however many rules matched it, and once for each rule in the column
matches. Simulated matches are those of policies in a test mode; overridden ones and
false positives are what senders said.

--by breaks it down by: ` + dimensionWords() + `.
It may be repeated or hold several with commas. A message with several actions or
types counts in the line of each. Weeks are those of ISO 8601; days are those of
organization.timeZone.`,
		Example: `  postern report --since 30d --by day
  postern report --by rule,severity --only enforced
  postern report --by month,type --csv
  postern report incidents --since 7d
  postern report overrides --since 90d --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			flags.q.By = nil
			for _, words := range by {
				for word := range strings.SplitSeq(words, ",") {
					word = strings.TrimSpace(word)
					if !slices.Contains(audit.Dimensions, audit.Dimension(word)) || slices.Contains(flags.q.By, word) {
						return fmt.Errorf("--by: %q is none of %s, or is written twice", clip(word, 20), dimensionWords())
					}
					flags.q.By = append(flags.q.By, word)
				}
			}
			return runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "report", Records: &flags.q}, flags.json, func(o *output, r deskReply, _ []byte) error {
				return o.counts(flags.q.By, r.Counts, flags.csv)
			})
		},
	}
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&by, "by", []string{"rule"}, "what to break it down by; see above")
	cmd.AddCommand(newReportOf("incidents", "List the messages that matched, one a line",
		`Incidents prints one line for each message that matched: when, its reference, the
highest severity, what became of it, which rules matched, what they did and found.
Sender, recipients and subject are printed with --people.`),
		newReportOf("overrides", "List the matches that senders have overridden or called false positives",
			`Overrides prints one line for each match that its sender has overridden or called a
false positive, with the reason given.`))
	return cmd
}

func dimensionWords() string {
	words := make([]string, len(audit.Dimensions))
	for i, d := range audit.Dimensions {
		words[i] = string(d)
	}
	return strings.Join(words, ", ")
}

// counts prints a report.
func (o *output) counts(by []string, rows []audit.Count, asCSV bool) error {
	head := append(slices.Clone(by), "messages", "matches", "simulated", "overridden", "falsePositives")
	if o.json {
		for _, r := range rows {
			line := map[string]any{"messages": r.Messages, "matches": r.Matches, "simulated": r.Simulated,
				"overridden": r.Overridden, "falsePositives": r.FalsePositives}
			for i, d := range by {
				line[d] = r.Keys[i]
			}
			if err := o.object(line); err != nil {
				return err
			}
		}
		return nil
	}
	table := [][]string{head}
	for _, r := range rows {
		line := slices.Clone(r.Keys)
		for _, n := range []int64{r.Messages, r.Matches, r.Simulated, r.Overridden, r.FalsePositives} {
			line = append(line, strconv.FormatInt(n, 10))
		}
		table = append(table, line)
	}
	if !asCSV && len(rows) == 0 {
		o.printf("nothing\n")
		return nil
	}
	return o.table(table, asCSV)
}

// table prints lines of which the first is the head.
func (o *output) table(lines [][]string, asCSV bool) error {
	if asCSV {
		w := csv.NewWriter(o.w)
		for _, line := range lines {
			for i := range line {
				line[i] = plainCell(line[i])
			}
			if err := w.Write(line); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	w := tabwriter.NewWriter(o.w, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		for i := range line {
			if line[i] == "" {
				line[i] = "–"
			}
			line[i] = clip(line[i], 300)
		}
		if _, err := io.WriteString(w, strings.TrimRight(strings.Join(line, "\t"), " ")+"\n"); err != nil {
			return err
		}
	}
	return w.Flush()
}

// plainCell keeps a spreadsheet from taking a text for a formula.
func plainCell(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// newReportOf is a report with a line for each thing.
func newReportOf(what, short, long string) *cobra.Command {
	var flags reportFlags
	cmd := &cobra.Command{
		Use: what, Short: short, Long: long,
		Example: "  postern report " + what + " --since 7d\n  postern report " + what + " --policy Cards --csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			first := true
			return eachPage(cmd, flags.file, flags.store, what, &flags.q, flags.json, func(o *output, content []byte) error {
				if o.json {
					_, err := o.w.Write(content)
					return err
				}
				var lines [][]string
				if first {
					lines = append(lines, toldHead(what, flags.q.People))
				}
				err := pageLines(content, func(line []byte) error {
					cells, err := toldCells(what, line, flags.q.People)
					lines = append(lines, cells)
					return err
				})
				if err != nil {
					return err
				}
				if first && len(lines) == 1 && !flags.csv {
					o.printf("nothing\n")
					return nil
				}
				first = false
				return o.table(lines, flags.csv)
			})
		},
	}
	flags.add(cmd)
	if what == "incidents" {
		cmd.Flags().BoolVar(&flags.q.People, "people", false, "print sender, recipients and subject too")
	}
	return cmd
}

func toldHead(what string, people bool) []string {
	if what == "overrides" {
		return []string{"time", "reference", "policy", "rule", "reason", "falsePositive", "overridden", "simulated", "justification"}
	}
	head := []string{"time", "reference", "severity", "verdict", "rules", "actions", "types", "simulated", "overridden", "falsePositive"}
	if people {
		head = append(head, "sender", "recipients", "subject")
	}
	return head
}

// toldCells reads a line of a page.
func toldCells(what string, line []byte, people bool) ([]string, error) {
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return ""
	}
	when := func(t time.Time) string { return t.Local().Format(time.RFC3339) }
	if what == "overrides" {
		var e audit.Exception
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, errors.New("the running process is of another version")
		}
		return []string{when(e.Time), e.Reference, e.Policy, e.Rule, e.Reason, yes(e.FalsePositive), strings.Join(e.OverriddenActions, " "),
			yes(e.Simulated), e.Justification}, nil
	}
	var in audit.Incident
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, errors.New("the running process is of another version")
	}
	var types []string
	for _, t := range in.Types {
		types = append(types, fmt.Sprintf("%s: %d", t.Type, t.Count))
	}
	cells := []string{when(in.Time), in.Reference, in.Severity, strings.Join(in.Verdicts, " "), strings.Join(in.Rules, ", "),
		strings.Join(in.Actions, " "), strings.Join(types, ", "), yes(in.Simulated), yes(in.Overridden), yes(in.FalsePositive)}
	if people {
		cells = append(cells, "<"+in.Sender+">", strings.Join(in.Recipients, " "), in.Subject)
	}
	return cells, nil
}
