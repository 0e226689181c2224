package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/audit/export"
	"github.com/postern-mail/postern/quarantine"
)

// The store and the records mean the same by the kinds of texts.
func TestRecordPrivacy(t *testing.T) {
	for a, q := range map[audit.Privacy]quarantine.Privacy{
		audit.Open: quarantine.Open, audit.Person: quarantine.Person, audit.Sender: quarantine.Sender, audit.Content: quarantine.Content, audit.Whole: quarantine.Whole,
	} {
		if quarantine.Privacy(a) != q {
			t.Errorf("%d is not %d", a, q)
		}
	}
	if recordPrivacy("ExchangeMetaData.From") != quarantine.Sender || recordPrivacy("PolicyDetails.PolicyName") != quarantine.Open {
		t.Error("places of a record are not told apart")
	}
}

// The examples of the pages on records and reports are configurations that are
// read.
func TestDocumentedExports(t *testing.T) {
	all := append(documentedExamples(t, "../../docs/audit.md"), documentedExamples(t, "../../docs/reports.md")...)
	if len(all) != 2 {
		t.Fatalf("%d examples", len(all))
	}
	for _, e := range all {
		c, problems := readConfig("/etc/postern/postern.yaml", []byte(`listen: {milter: "unix:m"}
organization: {acceptedDomains: [example.com]}
policies: [p.yaml]
`+e.text))
		for _, p := range problems {
			t.Errorf("%s: %s", e.place, p)
		}
		if len(c.process.exports) == 0 && !c.senders {
			t.Errorf("%s says nothing", e.place)
		}
	}
}

// Who has the receipt of an erasure can prove it, as the page says.
func TestReceipt(t *testing.T) {
	salt, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	if err != nil {
		t.Fatal(err)
	}
	// printf '\000\001…\017anna@example.com' | sha256sum
	const want = "b3f4bf2488eb9f9306e796b829d30bfa2d178e13931e9198e5dd793bd46ea77d"
	for _, who := range []string{"anna@example.com", " <ANNA@Example.COM>"} {
		if got := personDigest(salt, who); got != want {
			t.Errorf("%s: %s, want %s", who, got, want)
		}
	}
}

// matchRecord is the record of a message that two rules matched.
func matchRecord(t testing.TB, n int, at time.Time) quarantine.Record {
	t.Helper()
	rule := func(name string) audit.Rule {
		return audit.Rule{RuleName: name, RuleMode: audit.Enforce, Severity: "High", State: "applied", Actions: []string{"setHeader"},
			ConditionsMatched: audit.ConditionsMatched{SensitiveInformation: []audit.SensitiveInformation{{SensitiveInformationTypeName: "Credit card number", Count: 3, UniqueCount: 3, Confidence: 85}}}}
	}
	rec, err := audit.Matched(audit.Head{Time: at, ID: fmt.Sprint("id", n), Reference: fmt.Sprint("P-", n)}, audit.Outcome{
		Message:  audit.ExchangeMetaData{From: fmt.Sprintf("sender%d@example.com", n%1000), To: []string{"bob@partner.example"}, RecipientCount: 1},
		Policies: []audit.PolicyDetails{{PolicyName: "Cards", Rules: []audit.Rule{rule("One"), rule("Two")}}},
		Forks:    []audit.Fork{{Recipients: []string{"bob@partner.example"}, Verdict: "deliver"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	row, err := auditRow(rec)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// manyRecords is how many records TestManyRecords works on; POSTERN_RECORDS sets
// another number, as a million for a long run.
func manyRecords(t *testing.T) int {
	n := 1500
	if text := os.Getenv("POSTERN_RECORDS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A report over many records needs no more memory than over few, counts all of
// them, and they are proved.
func TestManyRecords(t *testing.T) {
	n := manyRecords(t)
	v, err := openVault(t.Context(), process{store: filepath.Join(t.TempDir(), "store")}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for i := 0; i < n; {
		var rows []quarantine.Record
		for ; i < n && len(rows) < 2000; i++ {
			rows = append(rows, matchRecord(t, i, start.Add(time.Duration(i)*time.Second)))
		}
		if err := v.Append(t.Context(), rows...); err != nil {
			t.Fatal(err)
		}
	}
	d := &desk{vault: v, zone: time.UTC}
	var most uint64
	sampled := sampler(t.Context(), &most)
	began := time.Now()
	counts, err := d.report(t.Context(), &recordsQuery{By: []string{"day", "rule"}})
	took := time.Since(began)
	sampled()
	if err != nil {
		t.Fatal(err)
	}
	var matches int64
	for _, c := range counts {
		matches += c.Matches
	}
	if matches != int64(2*n) {
		t.Errorf("%d matches of %d messages", matches, n)
	}
	if most > 128<<20 {
		t.Errorf("the heap grew to %d MB", most>>20)
	}
	began = time.Now()
	verified, err := d.verify(t.Context(), nil)
	if err != nil || !verified.Good || verified.Records != int64(n) {
		t.Errorf("verified %+v %v", verified, err)
	}
	t.Logf("%d records: reported in %s with a heap of %d MB, verified in %s", n, took, most>>20, time.Since(began))
	began = time.Now()
	found, err := d.findPerson(t.Context(), "sender7@example.com")
	if err != nil || len(found) != (n+992)/1000 {
		t.Errorf("found %d: %v", len(found), err)
	}
	t.Logf("found one person in %s", time.Since(began))
}

// sampler notes the largest heap until it is called.
func sampler(ctx context.Context, most *uint64) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			*most = max(*most, m.HeapAlloc)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// No target of an export is given a value that was found.
func TestNoExportShowsAValue(t *testing.T) {
	socket, err := net.ListenPacket("unixgram", filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	file := filepath.Join(t.TempDir(), "all.jsonl")
	r := startConfigured(t, holdingConfig+fmt.Sprintf("audit: {export: [{jsonl: {file: %q, backlog: true}}, {syslog: {address: %q, backlog: true}}]}\n", file, "unix:"+socket.LocalAddr().String()),
		patience, map[string]string{"cards.yaml": canaryPolicy, "types.yaml": canaryTypes})
	for name, mail := range canaryMail(t, "hold some") {
		c := r.client(t)
		if _, err := transact(c, []byte(mail), []string{"bob@partner.example", "carl@example.com"}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.Quit()
	}
	want := len(canaryMail(t, "hold some"))
	var messages strings.Builder
	b := make([]byte, export.MaxLength)
	for got := 0; got < want; {
		if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		n, _, err := socket.ReadFrom(b)
		if err != nil {
			t.Fatalf("after %d of %d messages: %v", got, want, err)
		}
		messages.Write(b[:n])
		if strings.Contains(string(b[:n]), " DlpRuleMatch [") {
			got++
		}
	}
	noCanary(t, "syslog", messages.String())
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		data, err := os.ReadFile(file)
		if err == nil && strings.Count(string(data), `"DlpRuleMatch"`) >= want {
			noCanary(t, "the file", string(data))
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the file has %d octets: %v", len(data), err)
		}
	}
	r.stop()
	r.wait(t)
}
