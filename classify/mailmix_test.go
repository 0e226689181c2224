package classify

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// mailMix gives about n octets of text as mail has it: letters with greeting and
// signature, answers with what they quote, tables of orders and of dates, and the
// text of web pages with their addresses and styles. In about one of twenty-five
// letters is something to find.
func mailMix(n int) string {
	r := rand.New(rand.NewPCG(11, 12))
	text := prose(200 << 10)
	passage := func(size int) string {
		at := r.IntN(len(text) - size)
		s := text[at : at+size]
		return strings.TrimSpace(s[strings.IndexByte(s, ' '):])
	}
	names := []string{"Anna Keller", "John Okafor", "Marie Dubois", "Li Wei", "Søren Lund", "Zoë O’Brien", "Carlos Núñez", "Priya Nair"}
	name := func() string { return names[r.IntN(len(names))] }
	var b strings.Builder
	for b.Len() < n {
		who := name()
		fmt.Fprintf(&b, "Dear %s,\n\n%s\n\n", name(), passage(300+r.IntN(1500)))
		switch r.IntN(4) {
		case 0: // an answer
			fmt.Fprintf(&b, "On %d/%d/%d at %d:%02d, %s <%s@example.com> wrote:\n", 1+r.IntN(12), 1+r.IntN(28), 2020+r.IntN(7), r.IntN(24), r.IntN(60), name(), "user"+fmt.Sprint(r.IntN(99)))
			for _, line := range strings.Split(passage(400+r.IntN(800)), ".") {
				fmt.Fprintf(&b, "> %s.\n", strings.TrimSpace(line))
			}
		case 1: // a table
			b.WriteString("Item\tQuantity\tUnit price\tTotal\tDelivery\tReference\n")
			for range 4 + r.IntN(14) {
				q, p := 1+r.IntN(40), 100+r.IntN(90000)
				fmt.Fprintf(&b, "%s\t%d\t%d.%02d\t%d.%02d\t%04d-%02d-%02d\tPO-%06d\n", strings.Fields(passage(60))[0], q, p/100, p%100, p*q/100, p*q%100,
					2024+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28), r.IntN(1e6))
			}
		case 2: // the text of a page with its addresses
			for range 2 + r.IntN(5) {
				fmt.Fprintf(&b, "%s [https://www.example.com/%s/%s?id=%d&utm_source=mail&ref=%08x] | ", passage(80), proseWords[r.IntN(len(proseWords))], proseWords[r.IntN(len(proseWords))], r.IntN(1e6), r.Uint32())
			}
			b.WriteString("\n@media only screen and (max-width: 600px) { .col { width: 100% !important; padding: 0 10px; color: #3a4f5c; } }\nUnsubscribe · Privacy policy · © 2026 Example Ltd.\n")
		}
		switch r.IntN(100) {
		case 0:
			b.WriteString("\nPlease charge my credit card 4111 1111 1111 1111, expiry 09/27.\n")
		case 1:
			b.WriteString("\nMy SSN is 536-22-1234.\n")
		case 2:
			b.WriteString("\nPlease pay to DE89 3704 0044 0532 0130 00 by Friday.\n")
		case 3:
			b.WriteString("\nPassport number 533380006, date of issue 12/05/2019.\n")
		}
		fmt.Fprintf(&b, "\nKind regards,\n%s\n-- \n%s | Example Ltd. | %d Station Road, London EC%dA %dAB\nTel. +44 20 7946 0%03d  Mobile +44 7700 900%03d  %s@example.com\nRegistered in England No. %08d\n\n",
			who, who, 1+r.IntN(200), 1+r.IntN(4), 1+r.IntN(9), r.IntN(1000), r.IntN(1000), strings.ToLower(strings.Fields(who)[0]), 1e6+r.IntN(8e6))
	}
	return b.String()[:n]
}

// BenchmarkScanMailMix has what mail is made of.
func BenchmarkScanMailMix(b *testing.B) { benchScan(b, mailMix(256<<10)) }
