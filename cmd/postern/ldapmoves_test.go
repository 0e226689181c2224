package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/slapd"
)

// movedConfig is servedConfig with the directory of a server.
func movedConfig(s *slapd.Server) string { return servedConfig + directorySection(s) }

// movedPolicies are what they are when LDAP has changed since they were written:
// whom one names is a group by now, and what the other names is a person.
var movedPolicies = map[string]string{
	"a.yaml": "policy: From\nmode: enable\nrules:\n  - {rule: From, conditions: {from: [sales@example.com]}, actions: {blockAccess: all}}\n",
	"b.yaml": "policy: Member\nmode: enable\nrules:\n  - {rule: Member, conditions: {fromMemberOf: [anna@example.com]}, actions: {blockAccess: all}}\n",
	"c.yaml": fmt.Sprintf(marking, "C", 1),
}

// What LDAP holds by now is a mistake where an administrator looks and where a
// policy changes; it keeps no process from starting, and no other change from
// being taken.
func TestWhatLDAPHoldsKeepsNothingFromBeingServed(t *testing.T) {
	s := startCompany(t)
	r := startConfigured(t, movedConfig(s), patience, movedPolicies)
	const event, group, person = "a policy does not fit what the directory holds by now", "sales@example.com is a group", "anna@example.com is a person"
	if lines := r.log.events(t, event); len(lines) != 2 || !strings.Contains(fmt.Sprint(lines[0]["at"]), group) || !strings.Contains(fmt.Sprint(lines[1]["at"]), person) {
		t.Errorf("the log at start: %v", lines)
	}
	file := filepath.Join(r.dir, "postern.yaml")
	var out, errs bytes.Buffer
	if status := run([]string{"check", "--config", file}, nil, &out, &errs); status != statusNo || !strings.Contains(out.String(), group) || !strings.Contains(out.String(), person) {
		t.Errorf("check: %d\n%s%s", status, &out, &errs)
	}
	reload := func(what string, good bool, problems int) {
		t.Helper()
		reply, err := ask(filepath.Join(r.dir, "store"), request{Command: "reload"})
		if err != nil || reply.Good != good || len(reply.Problems) != problems {
			t.Errorf("%s: %+v, %v", what, reply, err)
		}
	}
	reload("nothing changed", true, 2)
	write(t, filepath.Join(r.dir, "policies", "c.yaml"), fmt.Sprintf(marking, "C", 2))
	write(t, file, movedConfig(s)+"log: {level: debug}\n")
	reload("others changed", true, 2)
	write(t, filepath.Join(r.dir, "policies", "a.yaml"), movedPolicies["a.yaml"]+"# changed\n")
	reload("a policy that does not fit changed", false, 2)
	r.stop()
	r.wait(t)

	// The set that was good last is served though it does not fit, too.
	write(t, filepath.Join(r.dir, "policies", "c.yaml"), "nothing\n")
	log := &journal{}
	w, fresh, _, err := firstWorld(t.Context(), file, overrides{}, nil, log)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	defer w.closeServer()
	if lines := log.events(t, event); fresh || len(lines) != 2 {
		t.Errorf("the set that was good last: fresh %v, %v", fresh, lines)
	}
}

// A process that starts while LDAP is silent knows nobody: mail that no unknown
// could change goes on, and none of the rest is taken.
func TestStartWhileTheDirectoryIsSilent(t *testing.T) {
	s := startCompany(t)
	s.Stop()
	policies := map[string]string{
		"a.yaml": "policy: Payroll\nmode: enable\nrules:\n" +
			"  - {rule: Payrolls, conditions: {subjectContainsWords: [payroll]}, exceptions: {fromMemberOf: [hr@example.com]}, actions: {blockAccess: all}}\n" +
			"  - {rule: Lists, ruleErrorAction: ignore, conditions: {subjectContainsWords: [list], fromMemberOf: [sales@example.com]}, actions: {blockAccess: all}}\n" +
			"  - {rule: Outside, conditions: {subjectContainsWords: [plan], sentToScope: notInOrganization}, actions: {blockAccess: all}}\n",
		"b.yaml": "policy: Sales\nmode: enable\nscope: {exchangeSenderMemberOf: [sales]}\nadministrativeUnit: Unit 0\nrules:\n" +
			"  - {rule: Secrets, conditions: {subjectContainsWords: [secret]}, actions: {blockAccess: all}}\n",
	}
	r := startConfigured(t, movedConfig(s), patience, policies)
	c := r.client(t)
	for subject, want := range map[string]string{"hello": "c", "payroll": "451", "list": "c", "plan": "451", "secret": "451"} {
		res, err := transact(c, []byte("From: anna@example.com\nSubject: "+subject+"\n\nText.\n"), []string{"bob@partner.example"})
		got := string(res.Verdict.Command)
		if got == "y" {
			got = res.Verdict.Strings(0)[0][:3]
		}
		if err != nil || got != want {
			t.Errorf("%s: the reply is %s, %v, want %s\n%s", subject, got, err, want, r.log)
		}
	}
	c.Quit()
	if !strings.Contains(r.log.String(), "the directory does not answer") {
		t.Error("no alarm is raised")
	}
}
