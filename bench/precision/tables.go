package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// The rows of a table, from the least to the most. Sizes in between are spread
// evenly over the orders of magnitude.
const (
	leastRows = 200
	mostRows  = 10000
)

// tables gives so many octets of generated tables, each an item. Every second one
// stands under a heading with a keyword of a type and has a column of numbers as
// long as those of the type; the numbers are drawn, and keep a rule of the type by
// chance only. The others have columns of the same kinds.
func tables(octets int, seed uint64, use func(item) error) error {
	headings, err := readHeadings("classify")
	if err != nil {
		return err
	}
	d := dice{rand.New(rand.NewPCG(seed, 50))}
	for n := 0; octets > 0; n++ {
		h := headings[d.IntN(len(headings))]
		headed := n%2 == 0
		text := d.table(h, headed)
		name := fmt.Sprintf("table %d", n)
		if headed {
			name += " of " + h.typ
		}
		text = text[:min(len(text), octets)]
		octets -= len(text)
		if err := use(item{partTables, name, text}); err != nil {
			return err
		}
	}
	return nil
}

// dice draws numbers, the same in each run.
type dice struct{ *rand.Rand }

// column makes the cells of a column, from the top.
type column struct {
	name string
	cell func() string
}

func (d dice) table(h heading, headed bool) string {
	rows := int(leastRows * math.Pow(mostRows/leastRows, d.Float64()))
	key := d.numbers(h.shapes[d.IntN(len(h.shapes))])
	title := d.of("Report", "Export", "Overview", "Stock on hand", "Open items", "Deliveries", "Batch listing") + fmt.Sprintf(" %d", d.IntN(1000))
	if headed {
		keyword := h.keywords[d.IntN(len(h.keywords))]
		if d.IntN(2) == 0 {
			title = keyword
		} else {
			key.name = keyword
		}
	}
	columns := []column{key}
	for range 1 + d.IntN(4) {
		columns = append(columns, d.column())
	}
	d.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	return d.laidOut(title, columns, rows)
}

// laidOut writes a table with commas, tabs, bars or in columns of a width.
func (d dice) laidOut(title string, columns []column, rows int) string {
	var b strings.Builder
	separator := d.of(",", ";", "\t", " | ", "")
	b.WriteString(title + "\n\n")
	for row := -1; row < rows; row++ {
		for i, c := range columns {
			cell := c.name
			if row >= 0 {
				cell = c.cell()
			}
			if separator == "" {
				cell = fmt.Sprintf("%-20s", cell)
			}
			if i > 0 && separator == "" {
				b.WriteString("  ")
			} else if i > 0 {
				b.WriteString(separator)
			}
			b.WriteString(cell)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// numbers gives a column of numbers of a shape: drawn one by one, or counted up as
// invoices are.
func (d dice) numbers(shape string) column {
	if d.IntN(2) == 0 {
		return column{d.of("Number", "No.", "Reference", "Item"), func() string { return fill(shape, d.digit) }}
	}
	now := []byte(fill(shape, d.digit))
	return column{d.of("Invoice", "Order", "Serial", "Delivery note"), func() string {
		add(now, 1+d.IntN(3))
		return string(now)
	}}
}

// fill puts digits into a shape, in which each 9 stands for one.
func fill(shape string, digit func() byte) string {
	out := []byte(shape)
	for i, c := range out {
		if c == '9' {
			out[i] = digit()
		}
	}
	if out[0] == '0' {
		out[0] = '1'
	}
	return string(out)
}

// add adds to the digits of a number, from the right; what is between them stays.
func add(digits []byte, n int) {
	for i := len(digits) - 1; i >= 0 && n > 0; i-- {
		if c := digits[i]; c >= '0' && c <= '9' {
			n += int(c - '0')
			digits[i] = byte('0' + n%10)
			n /= 10
		}
	}
}

func (d dice) digit() byte { return byte('0' + d.IntN(10)) }

func (d dice) of(s ...string) string { return s[d.IntN(len(s))] }

// column gives a column of another kind: groups of digits, invoices, part numbers,
// timestamps, hashes, amounts and words.
func (d dice) column() column {
	switch d.IntN(8) {
	case 0:
		return d.numbers(strings.Repeat("9", 1+d.IntN(20)))
	case 1:
		shape := strings.Repeat("9", 1+d.IntN(6))
		for range 1 + d.IntN(4) {
			shape += d.of(" ", "-", ".", "/") + strings.Repeat("9", 1+d.IntN(6))
		}
		return d.numbers(shape)
	case 2:
		return d.numbers(d.of("INV-", "RE", "2024-", "2025/", "A-", "B") + strings.Repeat("9", 4+d.IntN(6)))
	case 3:
		prefix := strings.Repeat("A", 1+d.IntN(4))
		shape := prefix + d.of("", "-", ".") + strings.Repeat("9", 2+d.IntN(8)) + d.of("", "-A", "/99", "X")
		return column{d.of("Part", "Article", "SKU"), func() string { return fill(d.letters(shape), d.digit) }}
	case 4:
		format := d.of("20%02d-%02d-%02dT%02d:%02d:%02dZ", "20%02d%02d%02d%02d%02d%02d", "%02d/%02d/%02d %02d:%02d:%02d")
		return column{d.of("Time", "Date", "Changed"), func() string {
			return fmt.Sprintf(format, 10+d.IntN(15), 1+d.IntN(12), 1+d.IntN(28), d.IntN(24), d.IntN(60), d.IntN(60))
		}}
	case 5:
		size := []int{4, 8, 16, 20, 32}[d.IntN(5)]
		return column{d.of("Digest", "Commit", "Checksum"), func() string {
			sum := make([]byte, size)
			for i := range sum {
				sum[i] = byte(d.IntN(256))
			}
			return fmt.Sprintf("%x", sum)
		}}
	case 6:
		return column{d.of("Amount", "Price", "Total"), func() string { return fmt.Sprintf("%d.%02d", d.IntN(100000), d.IntN(100)) }}
	}
	return column{d.of("Text", "Remark", "Place"), func() string {
		return d.of("bolt", "washer", "hex nut", "pallet", "north gate", "returned", "in transit", "ok", "blue", "container")
	}}
}

// letters puts letters into a shape, in which each A stands for one.
func (d dice) letters(shape string) string {
	return strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'A' + rune(d.IntN(26))
		}
		return r
	}, shape)
}
