package classify

import (
	"fmt"
	"strings"
	"testing"
)

// bestConfidence gives the highest confidence of what a built-in type finds in a text,
// looked for alone; 0 when nothing is found.
func bestConfidence(t *testing.T, name, text string) (best int) {
	t.Helper()
	typ, ok := Builtin().Lookup(name)
	if !ok {
		t.Fatalf("there is no type %q", name)
	}
	for _, d := range Builtin().Scan(text, map[*Type]bool{typ: true}) {
		_, _, best = Count(d.Matches, 1, 100)
	}
	return best
}

// lines writes a line for each of n numbers, from a format and what to put in it.
func lines(n int, format string, cell func(i int) any) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", cell(i))
	}
	return b.String()
}

// scrambled gives numbers of so many digits with nothing to them.
func scrambled(digits int) func(i int) any {
	return func(i int) any {
		n, most := uint64(i+1)*0x9e3779b97f4a7c15>>8, uint64(1)
		for range digits {
			most *= 10
		}
		return fmt.Sprintf("%0*d", digits, n%(most-most/10)+most/10)
	}
}

func TestColumnsOfSomethingElse(t *testing.T) {
	nhs := []string{"943 476 5919", "401 023 2137", "459 284 0067", "987 654 4321"}
	for _, c := range []struct {
		name, typ, text string
		want            int // the best confidence
	}{
		{"a number by itself", "U.K. national health service number", "NHS\n401 023 2137\n", 85},
		{"a column of such numbers", "U.K. national health service number",
			"NHS\n" + lines(40, "%s", func(i int) any { return nhs[i%len(nhs)] }), 85},
		{"one of a column that breaks the rule", "U.K. national health service number",
			"NHS numbers\n401 023 2137\n" + lines(40, "%s", func(i int) any { return fmt.Sprintf("%03d 555 %04d", 411+7*i%500, 1212+101*i) }), 65},
		{"but not with the word in its line", "U.K. national health service number",
			"NHS 401 023 2137\n" + lines(40, "%s", func(i int) any { return fmt.Sprintf("%03d 555 %04d", 411+7*i%500, 1212+101*i) }), 85},
		{"few others are no column", "U.K. national health service number",
			"NHS\n401 023 2137\n" + lines(5, "%s", func(i int) any { return fmt.Sprintf("411 555 %04d", 1212+101*i) }), 85},
		{"numbers of a column under their heading", "U.S. bank account number",
			"Bank account number\n" + lines(40, "%s", scrambled(11)), 75},
		{"numbers counted up", "U.S. bank account number",
			"Bank account number\n\nSeen,Number\n" + lines(40, "none,%d", func(i int) any { return 83704949515 + 2*i }), 65},
		{"dates", "U.S. bank account number",
			"Bank account number\n" + lines(40, "%d", func(i int) any { return 20230100 + i%28 + 1 }), 65},
		{"parts of longer names", "U.S. bank account number",
			"Bank account number\n" + lines(40, "INV-%s", scrambled(11)), 65},
		{"the column beside that of the heading", "U.S. bank account number",
			"Bank account number,Seen\n" + lines(40, "A12345,%s", scrambled(11)), 65},
		{"that column, divided by tabs", "U.S. bank account number",
			"Bank account number\tSeen\n" + lines(40, "A12345\t%s", scrambled(11)), 65},
		{"that column, set with blanks", "U.S. bank account number",
			"Bank account number   Seen\n" + lines(40, "A12345                %s", scrambled(11)), 65},
		{"the column of the heading", "U.S. bank account number",
			"Seen,Bank account number\n" + lines(40, "A12345,%s", scrambled(11)), 75},
		{"a heading over all columns", "U.S. bank account number",
			"Bank account number\nSeen,At\n" + lines(40, "A12345,%s", scrambled(11)), 75},
		{"digests", "Spain passport number",
			"Passport number\n" + lines(40, "%s", func(i int) any { return fmt.Sprintf("%08x", uint32(i+1)*0x9e3779b9) }) + "af123456\n", 65},
		{"a column with a heading of its own under that of the table", "U.S. bank account number",
			"Bank account number\n\nSeen,Invoice no.\n" + lines(40, "A12345,%s", scrambled(11)), 65},
		{"a number called an invoice, its keyword farther off", "U.S. social security number (SSN)", "The SSN is on file with us; see invoice no. 536221234 of May.", 65},
		{"an invoice number with its keyword as near", "U.S. social security number (SSN)", "Order 536221234 (SSN)", 75},
		{"a number in groups, whatever it is called", "U.S. social security number (SSN)", "The SSN is on file with us; see invoice no. 536-22-1234 of May.", 85},
		{"a card, whatever it is called", "Credit card number", "Visa is taken, and it was. Invoice 5425233430109903", 85},
		{"a number among dates", "U.S. bank account number",
			"Bank account number\n83704949515\n" + lines(40, "%d", func(i int) any { return 20230100 + i%28 + 1 }), 75},
	} {
		t.Run(c.name, func(t *testing.T) {
			if best := bestConfidence(t, c.typ, c.text); best != c.want {
				t.Errorf("the best confidence is %d, want %d", best, c.want)
			}
		})
	}
}

// A type of an administrator means what its file says, whatever stands around.
func TestOwnTypesKnowNoColumns(t *testing.T) {
	c, problems := own(t, "good.yaml")
	if c == nil {
		t.Fatal(problems)
	}
	typ, _ := c.Lookup("Staff number")
	text := "personnel\n" + lines(40, "EMP-%d", func(i int) any { return 123455 + i })
	near := 0
	for _, d := range c.Scan(text, map[*Type]bool{typ: true}) {
		for _, m := range d.Matches {
			if m.Offset > 300 {
				continue
			}
			if near++; m.Confidence != 75 {
				t.Errorf("at %d the confidence is %d, want 75", m.Offset, m.Confidence)
			}
		}
	}
	if near < 2 {
		t.Errorf("%d are found near the word", near)
	}
}

// Much that wants to be compared with much around it is compared as far as the
// effort goes, which grows with the text alone.
func BenchmarkColumns(b *testing.B) {
	for name, unit := range map[string]string{
		"without keyword": "79438737A X9058349Y 59561342J ", "written three ways": "visa\n5425233430109903\n5425 2334 3010 9903\n5425-2334-3010-9903\n",
		"under one heading": "passport number;a\n;123456789\n;234567891\n;345678912\n", "long lines": "visa\n" + strings.Repeat("x;", 1000) + "5425233430109903\n",
	} {
		b.Run(name, func(b *testing.B) { benchScan(b, strings.Repeat(unit, 1<<18/len(unit))) })
	}
}

func TestColumnsTakeNoMoreThanTheirEffort(t *testing.T) {
	c := Builtin()
	for _, unit := range []string{"79438737A X9058349Y 59561342J ", "visa\n5425233430109903\n5425 2334 3010 9903\n"} {
		text := strings.Repeat(unit, 1<<16/len(unit))
		s := newScratch(c)
		s.text, s.wanted = text, c.everyone
		s.index.build(text, true)
		x := instance{octets: span{0, 9}, runes: span{0, 9}, pattern: &pattern{}}
		s.effort = columnEffort * len(text)
		calls := 0
		for ; s.effort > 0; calls++ {
			x.octets.start = calls % 1000 * len(unit)
			x.octets.end = x.octets.start + 9
			s.column.value = "" // what was looked at is looked at again
			before := s.effort
			s.inColumn(&x)
			if spent := before - s.effort; spent <= 0 || spent > 12*columnReach {
				t.Fatalf("one look takes %d", spent)
			}
		}
		if s.inColumn(&x) {
			t.Error("without effort something is found out")
		}
	}
}
