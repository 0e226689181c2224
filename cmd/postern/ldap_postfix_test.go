package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mta"
)

// companyPolicies block secrets of sales, and payrolls of all but hr; the third
// makes nothing of what it cannot know.
var companyPolicies = map[string]string{
	"a.yaml": "policy: Sales\nmode: enable\nscope: {exchangeSenderMemberOf: [staff@example.com], exchangeSenderMemberOfException: [\"cn=hr,ou=groups,dc=example,dc=com\"]}\n" +
		"rules:\n  - {rule: Secrets, conditions: {subjectContainsWords: [secret]}, actions: {blockAccess: all}}\n",
	"b.yaml": "policy: Payroll\nmode: enable\nrules:\n  - {rule: Payrolls, conditions: {subjectContainsWords: [payroll]}, exceptions: {fromMemberOf: [hr]}, actions: {blockAccess: all}}\n",
	"c.yaml": "policy: Ignored\nmode: enable\nrules:\n  - {rule: Lists, ruleErrorAction: ignore, conditions: {subjectContainsWords: [list], fromMemberOf: [sales@example.com]}, actions: {blockAccess: all}}\n",
}

// reply sends a message as one of the company and gives the code of the reply.
func (g *gated) reply(t *testing.T, from, subject string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := mta.Dial(ctx, g.mta.Addr(mta.Submission))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer c.Close()
	from += "@example.com"
	text := fmt.Sprintf("From: %s\r\nTo: x@customer.example\r\nSubject: %s\r\nMessage-ID: <%s.%s>\r\n\r\nText.\r\n", from, subject, strings.ReplaceAll(subject, " ", "."), from)
	r, _, err := c.Send(from, []string{"x@customer.example"}, []byte(text))
	if err != nil {
		t.Error(err)
	}
	return r.Code
}

// The directory falls silent and answers again while mail flows: what is known is
// used, mail that nothing unknown could change goes on, other mail is to be tried
// again or, where a rule says so, goes on too; and in the end every message was
// either delivered once or refused as it is due.
func TestMailWhileTheDirectoryIsStopped(t *testing.T) {
	if _, err := mta.Find(); err != nil {
		t.Skip(err)
	}
	s := startCompany(t)
	g := startGatedWith(t, companyPolicies, directorySection(s))
	expect := func(when, from, subject string, code int) {
		t.Helper()
		if got := g.reply(t, from, subject); got != code {
			t.Errorf("%s, %q of %s: reply %d, want %d\n%s", when, subject, from, got, code, g.log)
		}
	}
	for _, c := range []struct {
		from, subject string
		code          int
	}{
		{"anna", "up hello", 250}, {"anna", "up secret", 550}, {"ben", "up secret", 250}, {"anna", "up payroll", 550}, {"ben", "up payroll", 250},
		{"p1", "up secret", 250}, {"p1", "up list", 250}, {"p3", "up list", 550},
	} {
		expect("the directory answers", c.from, c.subject, c.code)
	}
	s.Stop()
	for _, c := range []struct {
		from, subject string
		code          int
	}{
		// Who wrote before is known.
		{"anna", "down hello", 250}, {"anna", "down secret", 550}, {"ben", "down secret", 250}, {"anna", "down payroll", 550}, {"ben", "down payroll", 250},
		// Who did not is not, which matters to some mail only.
		{"p5", "down hello", 250}, {"p5", "down secret", 451}, {"p5", "down payroll", 451}, {"p5", "down list", 250},
	} {
		expect("the directory is stopped", c.from, c.subject, c.code)
	}
	g.until(t, "the alarm is raised", func() bool { return strings.Contains(g.log.String(), "the directory does not answer") })
	// A reload forgets nothing.
	g.command(t, statusGood, "reload")
	expect("after a reload", "anna", "reloaded secret", 550)
	expect("after a reload", "p5", "reloaded secret", 451)

	// Senders try again, as mail servers do, until they get an answer that is final.
	var wg sync.WaitGroup
	var mu sync.Mutex
	final := make(map[string]int)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, from := range []string{"p3", "p6", "p7", "p8"} {
		for _, subject := range []string{"flow hello", "flow secret", "flow payroll"} {
			wg.Go(func() {
				for ctx.Err() == nil {
					if code := g.reply(t, from, subject); code != 451 {
						mu.Lock()
						defer mu.Unlock()
						final[from+" "+subject] = code
						return
					}
					select {
					case <-ctx.Done():
					case <-time.After(20 * time.Millisecond):
					}
				}
			})
		}
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for _, from := range []string{"p3", "p6", "p7", "p8"} {
		want := map[string]int{"hello": 250, "secret": 250, "payroll": 550}
		if from == "p3" {
			want["secret"] = 550
		}
		for subject, code := range want {
			if got := final[from+" flow "+subject]; got != code {
				t.Errorf("%s of %s: the last reply was %d, want %d", subject, from, got, code)
			}
		}
	}
	// Delivered: each that was taken, once.
	var want []string
	want = append(want, "up hello anna", "up secret ben", "up payroll ben", "up secret p1", "up list p1",
		"down hello anna", "down secret ben", "down payroll ben", "down hello p5", "down list p5")
	for key, code := range final {
		from, subject, _ := strings.Cut(key, " ")
		if code == 250 {
			want = append(want, subject+" "+from)
		}
	}
	counts := make(map[string]int)
	for _, m := range g.arrived(t, len(want), "x@customer.example") {
		_, rest, _ := strings.Cut(string(m.Data), "Message-ID: <")
		id, _, _ := strings.Cut(rest, "@")
		counts[strings.ReplaceAll(id, ".", " ")]++
	}
	for _, key := range want {
		if counts[key] != 1 {
			t.Errorf("%q was delivered %d times", key, counts[key])
		}
	}
	if len(counts) != len(want) {
		t.Errorf("delivered were %v, want %v", counts, want)
	}
	if !strings.Contains(g.log.String(), "the directory answers again") {
		t.Error("the log does not say that the directory answers again")
	}
}
