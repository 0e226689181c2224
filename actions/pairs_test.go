package actions

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// pairActions writes an action of testdata/pairs.txt as rule n has it, and the
// edits it makes.
var pairActions = map[string]func(n string) (yaml []string, edits []Edit){
	"all":  func(string) ([]string, []Edit) { return []string{"blockAccess: all"}, nil },
	"user": func(string) ([]string, []Edit) { return []string{"blockAccess: perUser"}, nil },
	"offer": func(string) ([]string, []Edit) {
		return []string{"blockAccess: all", "notifyAllowOverride: withJustification", "notifyUser: sender"}, nil
	},
	"ndr": func(string) ([]string, []Edit) {
		return []string{"blockAccess: all", "blockResponse: ndr"}, nil
	},
	"rejall": func(string) ([]string, []Edit) {
		return []string{"blockAccess: perUser", "blockResponse: rejectAll"}, nil
	},
	"tip":    func(n string) ([]string, []Edit) { return []string{"notifyPolicyTipCustomText: Tip " + n}, nil },
	"reject": func(string) ([]string, []Edit) { return []string{"rejectMessage: No."}, nil },
	"quar":   func(string) ([]string, []Edit) { return []string{"quarantine: true"}, nil },
	"delete": func(string) ([]string, []Edit) { return []string{"deleteMessage: true"}, nil },
	"stop":   func(string) ([]string, []Edit) { return []string{"stopPolicyProcessing: true"}, nil },
	"set": func(n string) ([]string, []Edit) {
		return []string{"setHeader: {X-Rule: " + n + "}"}, []Edit{{Action: setHeader, Name: "X-Rule", Value: n}}
	},
	"remove": func(n string) ([]string, []Edit) {
		return []string{"removeHeader: X-Gone-" + n}, []Edit{{Action: removeHeader, Name: "X-Gone-" + n}}
	},
	"subject": func(n string) ([]string, []Edit) {
		return []string{"prependSubject: " + n}, []Edit{{Action: prependSubject, Value: n}}
	},
	"add": func(n string) ([]string, []Edit) {
		return []string{"addRecipients: {bcc: audit" + n + "@example.com}"}, []Edit{{Action: addRecipients, Name: "bcc", Value: "audit" + n + "@example.com"}}
	},
	"redirect": func(n string) ([]string, []Edit) {
		return []string{"redirectMessageTo: desk" + n + "@example.com"}, []Edit{{Action: redirect, Value: "desk" + n + "@example.com"}}
	},
}

// pairTable is one table of testdata/pairs.txt: cells by row and column.
type pairTable map[string]map[string]string

// pairTables reads the tables by their heads: "one" for one rule, "two", and of
// three rules the action of the rule between. Alike gives the actions of a class
// that have no cells of their own, with two that have, and but the cells that differ.
func pairTables(t *testing.T) (tables map[string]pairTable, alike map[string][2]string, but map[string]pairTable) {
	t.Helper()
	data, err := os.ReadFile("testdata/pairs.txt")
	if err != nil {
		t.Fatal(err)
	}
	tables, alike, but = make(map[string]pairTable), make(map[string][2]string), map[string]pairTable{"one": {}, "two": {}}
	var table pairTable
	var columns []string
	set := func(into pairTable, row, column, cell string) {
		if into[row] == nil {
			into[row] = make(map[string]string)
		}
		into[row][column] = cell
	}
	head := func(name string, of []string) {
		table, columns = make(pairTable), of
		tables[name] = table
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case fields[0] == "like":
			for _, name := range fields[4:] {
				alike[name] = [2]string{fields[1], fields[2]}
			}
		case fields[0] == "but":
			for _, pair := range fields[3:] {
				row, column, _ := strings.Cut(pair, ",")
				set(but[fields[1]], row, column, fields[2])
			}
		case fields[0] == "one" || fields[0] == "two":
			head(fields[0], fields[2:])
		case fields[0] == "three":
			head(fields[2], fields[3:])
		case len(fields) != len(columns)+1:
			t.Fatalf("%s: %d cells for %d columns", fields[0], len(fields)-1, len(columns))
		default:
			for i, c := range columns {
				set(table, fields[0], c, fields[i+1])
			}
		}
	}
	return tables, alike, but
}

// pairCell gives what comes of two actions: the cell of an exception, their own,
// or that of those they are alike.
func pairCell(table pairTable, but pairTable, alike map[string][2]string, a, b string) string {
	if cell := but[a][b]; cell != "" {
		return cell
	}
	as, aAlike := alike[a]
	bs, bAlike := alike[b]
	switch {
	case a == b && aAlike:
		return table[as[0]][as[0]]
	case aAlike && bAlike:
		return table[as[0]][bs[1]]
	case aAlike && b == as[0]:
		return table[as[1]][b]
	case aAlike:
		return table[as[0]][b]
	case bAlike && a == bs[0]:
		return table[a][bs[1]]
	case bAlike:
		return table[a][bs[0]]
	}
	return table[a][b]
}

// TestEveryOrderedPairOfActions holds the walk to testdata/pairs.txt: in one
// rule, in two rules, and in two policies.
func TestEveryOrderedPairOfActions(t *testing.T) {
	tables, alike, but := pairTables(t)
	w := pairWorld(t)
	for a := range pairActions {
		for b := range pairActions {
			w.holds(t, "in one rule: "+a+", "+b, pairCell(tables["one"], but["one"], alike, a, b), [][]string{{a, b}}, false)
			cell := pairCell(tables["two"], but["two"], alike, a, b)
			w.holds(t, "in two rules: "+a+", "+b, cell, [][]string{{a}, {b}}, false)
			w.holds(t, "in two policies: "+a+", "+b, cell, [][]string{{a}, {b}}, true)
		}
	}
	for between, table := range tables {
		if between == "one" || between == "two" {
			continue
		}
		for a, row := range table {
			for b, cell := range row {
				w.holds(t, "in three rules: "+a+", "+between+", "+b, cell, [][]string{{a}, {between}, {b}}, false)
				w.holds(t, "in three policies: "+a+", "+between+", "+b, cell, [][]string{{a}, {between}, {b}}, true)
			}
		}
	}
}

// pairsWorld is the session that all pairs are judged in.
type pairsWorld struct {
	world   *rules.World
	m       *message.Message
	notices *notice.Writer
}

func pairWorld(t *testing.T) *pairsWorld {
	env := messageTo(nil, "ben@example.com", "b@customer.example").Envelope
	env.ReversePath, env.Authenticated = messageTo(nil, "anna@example.com").Envelope.Recipients[0].Path, "anna"
	env.ClientAddr = netip.MustParseAddr("192.0.2.10")
	const text = "From: anna@example.com\r\nTo: people@example.com\r\nSubject: The plan\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nBody.\r\n--b\r\nContent-Disposition: attachment; filename=a.e1\r\n\r\n1\r\n--b\r\nContent-Disposition: attachment; filename=a.e2\r\n\r\n2\r\n--b--\r\n"
	m, err := message.Read(env, strings.NewReader(text), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return &pairsWorld{world: houseWorld(housePeople(t)), m: m, notices: houseNotices(t)}
}

func (w *pairsWorld) holds(t *testing.T, name, want string, ruleActions [][]string, parted bool) {
	t.Helper()
	if want == "" {
		t.Errorf("%s: there is no cell", name)
		return
	}
	t.Run(name, func(t *testing.T) {
		edits := make(map[string][]Edit)
		files := []rules.File{{}}
		for i, of := range ruleActions {
			n := strconv.Itoa(i + 1)
			if parted && i > 0 {
				files = append(files, rules.File{})
			}
			f := &files[len(files)-1]
			if len(f.Data) == 0 {
				f.Name = "p" + n + ".yaml"
				f.Data = fmt.Appendf(nil, "policy: Policy %s\nmode: enable\npriority: %d\nrules:\n", n, i)
			}
			f.Data = fmt.Appendf(f.Data, "  - rule: %q\n    conditions: {messageSizeOver: 1B}\n    actions:\n", n)
			for _, a := range of {
				yaml, makes := pairActions[a](n)
				edits[n] = append(edits[n], makes...)
				for _, line := range yaml {
					f.Data = fmt.Appendf(f.Data, "      %s\n", line)
				}
			}
		}
		set, problems := Load(files, rules.Vocabulary{Types: classify.Builtin(), Actions: vocabulary{planned: true}})
		if set == nil || want == "x" {
			if set != nil || want != "x" {
				t.Fatalf("loaded: %v, want %s: %s", set != nil, want, problems)
			}
			return
		}
		d := NewEngine(Settings{Notices: w.notices, Reviewers: houseReviewers()}).Run(context.Background(), set, rules.NewScan(w.world, w.m), DryRun{})
		if d.Err != nil {
			t.Fatal(d.Err)
		}
		inside, outside, both := strings.Cut(want, "|")
		if !both {
			outside = inside
		}
		w.fork(t, d, 0, inside, edits)
		w.fork(t, d, 1, outside, edits)
		w.wire(t, d, inside[0], outside[0])
	})
}

// fork compares what becomes of a recipient with a cell.
func (w *pairsWorld) fork(t *testing.T, d *Decision, recipient int, cell string, edits map[string][]Edit) {
	t.Helper()
	i := slices.IndexFunc(d.Forks, func(f Fork) bool { return slices.Contains(f.Recipients, recipient) })
	f := d.Forks[i]
	by, kept := cell[1:], ""
	switch cell[0] {
	case 'P':
		by, kept = "", cell[1:]
	case 'Q':
		by, kept, _ = strings.Cut(cell[1:], "+")
	}
	verdict := map[byte]Verdict{'B': Block, 'N': Block, 'Q': Quarantine, 'D': Delete, 'P': Deliver}[cell[0]]
	decided := ""
	if f.DecidedBy != nil {
		decided = f.DecidedBy.Name
	}
	if f.Verdict != verdict || decided != by {
		t.Errorf("recipient %d: %s by %q, want %s by %q", recipient, f.Verdict, decided, verdict, by)
	}
	var want []Edit
	for _, n := range kept {
		want = append(want, edits[string(n)]...)
	}
	got := slices.Clone(f.Edits)
	for i := range got {
		got[i].Parts, got[i].OnError = "", "" // of this message, not of the rule
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recipient %d: edits (-want +got):\n%s", recipient, diff)
	}
}

// wire compares what the client and the MTA see with what becomes of the two
// recipients.
func (w *pairsWorld) wire(t *testing.T, d *Decision, inside, outside byte) {
	t.Helper()
	want := Discard
	switch {
	case (inside == 'B' || inside == 'N') && (outside == 'B' || outside == 'N'):
		if inside == 'B' || outside == 'B' {
			want = Block
		}
	case inside == 'P' || outside == 'P':
		want = Deliver
	}
	if d.Outcome.Verdict != want {
		t.Errorf("the MTA is told %s, want %s", d.Outcome.Verdict, want)
	}
}
