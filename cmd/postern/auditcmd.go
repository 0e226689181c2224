package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/audit/export"
	"github.com/postern-mail/postern/quarantine"
)

// verifyJSON is what a verification of the records came to.
type verifyJSON struct {
	Good    bool        `json:"good"`
	Records int64       `json:"records"` // verified
	Deleted int64       `json:"deleted"` // at their time: their links were verified
	Older   int64       `json:"older"`   // from before the chain
	Erased  int64       `json:"erased"`  // texts about people
	Broken  int64       `json:"broken"`
	Breaks  []breakJSON `json:"breaks"`
	Heads   []string    `json:"heads"`
}

// breakJSON is a place at which records are not what was recorded.
type breakJSON struct {
	Node   string     `json:"node"`
	Month  string     `json:"month"`
	Number int64      `json:"number"` // of the record; 0 when not known
	Time   *time.Time `json:"time,omitempty"`
	What   string     `json:"what"`
}

// verify follows the chains of records.
func (d *desk) verify(ctx context.Context, heads []string) (*verifyJSON, error) {
	var kept []quarantine.Head
	for _, text := range heads {
		h, err := quarantine.ParseHead(text)
		if err != nil {
			return nil, err
		}
		kept = append(kept, h)
	}
	v, err := d.vault.VerifyRecords(ctx, time.Now(), kept...)
	if err != nil {
		return nil, err
	}
	out := &verifyJSON{Good: v.Broken == 0, Records: v.Records, Deleted: v.Deleted, Older: v.Older, Erased: v.Erased, Broken: v.Broken,
		Breaks: []breakJSON{}, Heads: []string{}}
	for _, b := range v.Breaks {
		j := breakJSON{Node: b.Node, Month: b.Month, Number: b.Number, What: b.Text}
		if !b.Time.IsZero() {
			j.Time = &b.Time
		}
		out.Breaks = append(out.Breaks, j)
	}
	for _, h := range v.Heads {
		out.Heads = append(out.Heads, h.String())
	}
	return out, nil
}

// String is the break in one line.
func (b breakJSON) String() string {
	var where []string
	if b.Number > 0 {
		where = append(where, fmt.Sprintf("record %d", b.Number))
	}
	if b.Time != nil {
		where = append(where, "of "+b.Time.UTC().Format(time.RFC3339))
	}
	if b.Month != "" {
		where = append(where, "in "+b.Node+"/"+b.Month)
	}
	return strings.Join(where, " ") + ": " + b.What
}

func newAudit() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove and export the records of what was decided and done",
		Long: `Audit works on the records: one for every message that matched, was signalled or
failed, for every decision on held mail, and for every load of policies.`,
		Example: "  postern audit verify\n  postern audit export --since 7d",
	}
	cmd.AddCommand(newAuditVerify(), newAuditExport())
	return cmd
}

func newAuditVerify() *cobra.Command {
	var flags deskFlags
	var heads []string
	var file string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no record was changed, removed, put in or moved",
		Long: `Verify reads all records and follows the chains: one for each month. It names each
place at which the records are not what was recorded, the first one first. Records
deleted at their time and texts about people that were erased break nothing.

It prints the head of every chain. Whoever can write to the store could make all
chains anew; the heads, kept elsewhere, prove that nobody did. Give them back with
--head, or with --heads from a file with one a line.

Exit status: 0 all is as it was recorded, 1 it is not, 2 it could not run.`,
		Example: `  postern audit verify
  postern audit verify --json
  postern audit verify --heads heads.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file != "" {
				kept, err := readHeads(file)
				if err != nil {
					return err
				}
				heads = append(heads, kept...)
			}
			good := false
			err := runDesk(cmd, flags.file, flags.store, &deskRequest{Do: "verify", Heads: heads}, flags.json, func(o *output, r deskReply, _ []byte) error {
				v := r.Verify
				if v == nil {
					return errors.New("the running process is of another version")
				}
				good = v.Good
				if o.json {
					return o.object(v)
				}
				for _, b := range v.Breaks {
					o.printf("%s\n", b)
				}
				if more := v.Broken - int64(len(v.Breaks)); more > 0 {
					o.printf("and %d more\n", more)
				}
				word := "good"
				if !v.Good {
					word = "broken"
				}
				o.printf("%s: %s verified, %d deleted at their time, %d from before the chain, %s erased\n", word,
					count(int(v.Records), "record", "records"), v.Deleted, v.Older, count(int(v.Erased), "text", "texts"))
				for _, h := range v.Heads {
					o.printf("head %s\n", h)
				}
				return nil
			})
			if err == nil && !good {
				return errNo
			}
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&heads, "head", nil, "a head that was printed earlier; may be repeated")
	cmd.Flags().StringVar(&file, "heads", "", "file with heads that were printed earlier, one a line")
	return cmd
}

// readHeads reads heads, as verify prints them or bare.
func readHeads(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, plainError(err)
	}
	var heads []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1:
			heads = append(heads, fields[0])
		case len(fields) == 2 && fields[0] == "head":
			heads = append(heads, fields[1])
		}
	}
	return heads, nil
}

// recordsQuery asks for records or what is told of them, a page at a time.
type recordsQuery struct {
	// Since and Until are as people write them.
	Since      string       `json:"since,omitempty"`
	Until      string       `json:"until,omitempty"`
	Operations []string     `json:"operations,omitempty"`
	Reference  string       `json:"reference,omitempty"`
	After      int64        `json:"after,omitempty"`
	Choice     audit.Choice `json:"choice,omitzero"`
	By         []string     `json:"by,omitempty"`
	People     bool         `json:"people,omitempty"`
}

// Bounds of a page of records.
const (
	pageRecords = 20_000
	pageOctets  = 16 << 20
)

// filter reads what the query asks of the store.
func (q *recordsQuery) filter(zone *time.Location, now time.Time) (quarantine.RecordFilter, error) {
	f := quarantine.RecordFilter{Operations: q.Operations, Reference: q.Reference, After: q.After}
	var err error
	if f.Since, err = readWhen(q.Since, zone, now); err != nil {
		return f, fmt.Errorf("--since: %w", err)
	}
	if f.Until, err = readWhen(q.Until, zone, now); err != nil {
		return f, fmt.Errorf("--until: %w", err)
	}
	return f, nil
}

// readWhen reads a time: a date, a date with a time, or a span before now. Zero is
// none.
func readWhen(text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at, nil
		}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if d, err := readSpan(text); err == nil {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-03-01, 2026-03-01T12:00, or 7d for seven days ago", clip(text, 40))
}

// page calls each for records until there are enough, and tells where to go on.
func (d *desk) page(ctx context.Context, q *recordsQuery, each func(*quarantine.Record) (octets int, err error)) (after int64, err error) {
	f, err := q.filter(d.zone, time.Now())
	if err != nil {
		return 0, err
	}
	records, octets := 0, 0
	for r, err := range d.vault.Records(ctx, f) {
		if err != nil {
			return 0, err
		}
		n, err := each(&r)
		if err != nil {
			return 0, err
		}
		records, octets = records+1, octets+n
		if records == pageRecords || octets >= pageOctets {
			return r.Number, nil
		}
	}
	return 0, nil
}

// records gives a page of records as lines of JSON.
func (d *desk) records(ctx context.Context, q *recordsQuery, reply *deskReply) ([]byte, error) {
	var b bytes.Buffer
	var err error
	reply.After, err = d.page(ctx, q, func(r *quarantine.Record) (int, error) {
		line := exportLine(r).JSON()
		b.Write(line)
		b.WriteByte('\n')
		return len(line), nil
	})
	return b.Bytes(), err
}

// exportLine gives a record as it is exported.
func exportLine(r *quarantine.Record) export.Line {
	l := export.Line{Number: r.Number, Time: r.Time, Operation: r.Operation, Reference: r.Reference, QueueID: r.QueueID, Data: r.Data}
	if r.Link.Position > 0 {
		l.Chain = fmt.Sprintf("%s/%s/%d/%s", r.Link.Node, r.Link.Month, r.Link.Position, r.Link.Value)
	}
	return l
}

// eachPage runs a command page by page; show prints one.
func eachPage(cmd *cobra.Command, file, store, do string, q *recordsQuery, asJSON bool, show func(*output, []byte) error) error {
	for {
		var after int64
		err := runDesk(cmd, file, store, &deskRequest{Do: do, Records: q}, asJSON, func(o *output, r deskReply, content []byte) error {
			after = r.After
			return show(o, content)
		})
		if err != nil || after == 0 {
			return err
		}
		q.After = after
	}
}

func newAuditExport() *cobra.Command {
	var file, store, format string
	var q recordsQuery
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write records as lines of JSON",
		Long: `Export writes records to standard output, the oldest first, one JSON object a line.
RecordNumber is the record's number in the store, and Chain its place in the chain
with the value of the chain after it: the chain's name, the position and the value
are a head for "postern audit verify".

A target in postern.yaml (audit.export) is sent new records on and on.`,
		Example: `  postern audit export --since 7d > records.jsonl
  postern audit export --since 2026-03-01 --until 2026-04-01 --operation DlpRuleMatch
  postern audit export --reference P-7K3M9Q`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "jsonl" {
				return fmt.Errorf("--format: %q is not jsonl", clip(format, 20))
			}
			if err := checkOperations(q.Operations); err != nil {
				return fmt.Errorf("--operation: %w", err)
			}
			return eachPage(cmd, file, store, "records", &q, true, func(o *output, content []byte) error {
				_, err := o.w.Write(content)
				return err
			})
		},
	}
	configFlag(cmd, &file)
	storeFlag(cmd, &store)
	cmd.Flags().StringVar(&format, "format", "jsonl", "jsonl: one JSON object a line")
	sinceFlags(cmd, &q)
	cmd.Flags().StringArrayVar(&q.Operations, "operation", nil, "only records of this operation; may be repeated")
	cmd.Flags().StringVar(&q.Reference, "reference", "", "only records of this reference")
	return cmd
}

func sinceFlags(cmd *cobra.Command, q *recordsQuery) {
	cmd.Flags().StringVar(&q.Since, "since", "", "from this time on: 2026-03-01, 2026-03-01T12:00, or 7d for seven days ago")
	cmd.Flags().StringVar(&q.Until, "until", "", "before this time, as --since")
}

// checkOperations tells of the first word that is no operation of records.
func checkOperations(words []string) error {
	known := audit.Operations()
	for _, w := range words {
		if !slices.Contains(known, audit.Operation(w)) {
			names := make([]string, len(known))
			for i, op := range known {
				names[i] = string(op)
			}
			return fmt.Errorf("%q is none of %s", clip(w, 40), strings.Join(names, ", "))
		}
	}
	return nil
}

// lines gives the lines of a page.
func pageLines(content []byte, each func([]byte) error) error {
	s := bufio.NewScanner(bytes.NewReader(content))
	s.Buffer(nil, pageOctets*2)
	for s.Scan() {
		if err := each(s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}
