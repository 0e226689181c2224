package actions

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/notice"
)

func TestEvidenceIsSharedOutInProportion(t *testing.T) {
	for _, tt := range []struct {
		name   string
		counts []int
		seats  int
		want   []int
	}{
		{"nothing was found", nil, 100, nil},
		{"all is shown where there is room", []int{3, 0, 40}, 100, []int{3, 0, 40}},
		{"in proportion", []int{600, 300, 100}, 100, []int{60, 30, 10}},
		{"the largest remainders get what is left", []int{335, 333, 332}, 100, []int{34, 33, 33}},
		{"of equal remainders the first", []int{101, 101, 101}, 100, []int{34, 33, 33}},
		{"what was found once is shown", []int{100_000, 1, 1}, 100, []int{98, 1, 1}},
		{"what nothing was found of gets nothing", []int{0, 1000, 0}, 100, []int{0, 100, 0}},
		{"more than there is room for: the largest", []int{1, 5, 2, 9}, 2, []int{0, 1, 0, 1}},
		{"no room", []int{1, 2}, 0, []int{0, 0}},
	} {
		if diff := cmp.Diff(tt.want, apportion(tt.counts, tt.seats)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// Whatever the counts: all seats are given out, nobody gets more than there is, each
// gets one, more never gets less, and a share is not off by more than the ones given
// to the smallest.
func TestSharesAreFair(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		counts := make([]int, 1+rng.IntN(40))
		total, some := 0, 0
		for i := range counts {
			counts[i] = int(rng.ExpFloat64() * float64(1+rng.IntN(400)))
			if total += counts[i]; counts[i] > 0 {
				some++
			}
		}
		seats := rng.IntN(150)
		given := apportion(counts, seats)
		sum := 0
		for i, n := range given {
			sum += n
			if n > counts[i] || n < 0 || n == 0 && counts[i] > 0 && seats >= some {
				t.Fatalf("%v of %v with %d", given, counts, seats)
			}
			if quota := float64(counts[i]) * float64(seats) / float64(max(1, total)); total > seats && float64(n) > quota+1 {
				t.Fatalf("%d of %d is more than its part of %v with %d", n, counts[i], counts, seats)
			}
			for j := range given {
				if counts[i] > counts[j] && n < given[j] && total > seats && seats >= some {
					t.Fatalf("%v of %v with %d: more gets less", given, counts, seats)
				}
			}
		}
		if sum != min(seats, total) {
			t.Fatalf("%v of %v: %d given, %d are there", given, counts, sum, seats)
		}
	}
}

const evidencePolicy = `
policy: P
mode: enable
rules:
  - rule: Numbers
    conditions: {contentContainsSensitiveInformation: [{type: Credit card number}, {type: International banking account number (IBAN)}]}
    actions: {generateIncidentReport: {to: [compliance@example.com], content: [detectionDetails, detections]}}
`

// manyCards gives lines with cards that all differ, with valid check digits.
func manyCards(n int) string {
	var b strings.Builder
	for i := range n {
		digits := fmt.Sprintf("41111111%07d", i*7919%10_000_000)
		sum := 0
		for k, c := range digits {
			d := int(c - '0')
			if k%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		fmt.Fprintf(&b, "Visa card %s%d expires 12/29\r\n", digits, (10-sum%10)%10)
	}
	return b.String()
}

// reported sends a message and gives the incidents of the reports on it.
func (g *gate) reported(m mail) (list []notice.Incident) {
	g.t.Helper()
	if d := g.send(m); d.Err != nil {
		g.t.Fatal(d.Err)
	}
	for _, r := range g.reports() {
		list = append(list, r.incident)
	}
	return list
}

// Of 100 and more values a report shows 100, of each type and part a share, and of
// each one at least.
func TestReportsShowAHundredValues(t *testing.T) {
	g := newGate(t, evidencePolicy, Settings{})
	multi := "--b\r\nContent-Type: text/plain\r\n\r\n" + manyCards(300) + "\r\n--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=few.csv\r\n\r\n" +
		manyCards(30) + "\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=one.txt\r\n\r\nIBAN DE75512108001245126199\r\n--b--"
	list := g.reported(mail{to: []string{"b@other.example"}, queueID: "Q1", header: append([]string{"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"}, ownFields...), body: multi})
	if len(list) != 1 {
		t.Fatalf("%d reports", len(list))
	}
	in := list[0]
	got := map[string]int{}
	for _, e := range in.Evidence {
		got[e.Type+" in "+e.Part]++
		if utf8.RuneCountInString(e.Before) > contextLength || utf8.RuneCountInString(e.After) > contextLength || e.Before == "" {
			t.Errorf("context %q, %q", e.Before, e.After)
		}
		if strings.Contains(e.Before+e.After+e.Value, "41111111") {
			t.Errorf("a value in clear: %+v", e)
		}
	}
	want := map[string]int{"Credit card number in body": 90, "Credit card number in few.csv": 9, "International banking account number (IBAN) in one.txt": 1}
	if diff := cmp.Diff(want, got); diff != "" || in.EvidenceTotal != 331 {
		t.Errorf("of %d: %s", in.EvidenceTotal, diff)
	}
	i := slices.IndexFunc(in.Rules[0].Detections, func(d notice.IncidentDetection) bool { return d.Type == "Credit card number" })
	if d := in.Rules[0].Detections[i]; d.Count != 330 || d.UniqueCount != 300 || d.Recommended == 0 || !slices.Equal(d.Parts, []string{"body", "few.csv"}) {
		t.Errorf("detection %+v", d)
	}
}

// The text around a value has everything masked that any type finds, whatever the
// rule asked for; names of parts too.
func TestContextMasksEveryDetection(t *testing.T) {
	g := newGate(t, evidencePolicy, Settings{})
	body := "--b\r\nContent-Type: text/plain\r\n\r\nHer SSN is 536-22-1234.\r\nVisa 5425 2334 3010 9903, second Visa 4012 8888 8888 1881\r\n" +
		"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"SSN 536-22-1234.txt\"\r\n\r\nMastercard 5425 2334 3010 9903\r\n--b--"
	list := g.reported(mail{to: []string{"b@other.example"}, queueID: "Q1", header: append([]string{"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "Subject: Visa 5425 2334 3010 9903"}, ownFields...), body: body})
	if len(list) != 1 || len(list[0].Evidence) != 4 {
		t.Fatalf("%+v", list)
	}
	for _, e := range list[0].Evidence {
		all := fmt.Sprint(e)
		for _, clear := range []string{"536-22-1234", "5425", "4012"} {
			if strings.Contains(all, clear) {
				t.Errorf("%s stands in %s", clear, all)
			}
		}
	}
	body0 := list[0].Evidence[1]
	if body0.Part != "body" || body0.Before != "Her SSN is *********34. Visa" || !strings.HasPrefix(body0.After, ", second Visa ***************1881") {
		t.Errorf("%+v", body0)
	}
}

// What the text and the HTML of a body hold alike is shown once.
func TestAlternativesAreShownOnce(t *testing.T) {
	g := newGate(t, evidencePolicy, Settings{})
	const cards = "Visa 5425 2334 3010 9903, and again Visa 5425 2334 3010 9903"
	body := "--b\r\nContent-Type: text/plain\r\n\r\n" + cards + "\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>" + cards + "</p>\r\n--b--"
	list := g.reported(mail{to: []string{"b@other.example"}, queueID: "Q1", header: append([]string{"MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=b"}, ownFields...), body: body})
	if len(list) != 1 || len(list[0].Evidence) != 2 || list[0].Rules[0].Detections[0].Count != 2 {
		t.Fatalf("%+v", list)
	}
}
