package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/quarantine"
	"github.com/postern-mail/postern/rules"
)

// canaries are values of which each is found in canaryText, by a type built in or
// one of canaryTypes.
var canaries = []string{"5425 2334 3010 9903", "536-22-1234", "DE75512108001245126199", "EMP-482915", "q7Zk1vX0pL4nB8sT2wR6", "Project Kestrel"}

const canaryText = `Visa 5425 2334 3010 9903, SSN 536-22-1234, IBAN DE75512108001245126199, personnel EMP-482915, X-API-Key: q7Zk1vX0pL4nB8sT2wR6, Project Kestrel`

const canaryTypes = `types:
  - type: Staff number
    id: postern:staff
    recommendedConfidence: 75
    proximity: 300
    primaries: {number: {regex: '\bEMP-\d{6}\b'}}
    patterns: [{confidence: 75, primary: number}]
  - type: Project names
    id: postern:projects
    recommendedConfidence: 75
    proximity: 300
    primaries: {name: {words: [Project Kestrel]}}
    patterns: [{confidence: 75, primary: name}]
`

const canaryPolicy = `policy: Cards
mode: enable
rules:
  - rule: Hold
    conditions: {subjectContainsWords: [hold], contentContainsSensitiveInformation: [{type: Credit card number}, {type: Staff number}, {type: Project names}]}
    actions: {quarantine: true, generateIncidentReport: {to: [compliance@example.com, outside@other.example], content: all}}
  - rule: Block
    conditions: {subjectContainsWords: [block], contentContainsSensitiveInformation: [{type: U.S. social security number (SSN)}]}
    actions: {blockAccess: all, notifyPolicyTipCustomText: "No such numbers.", generateIncidentReport: {to: [compliance@example.com, outside@other.example], content: all}}
  - rule: Block some
    conditions: {subjectContainsWords: [some], accessScope: notInOrganization, contentContainsSensitiveInformation: [{type: International banking account number (IBAN)}]}
    actions: {blockAccess: perUser, generateIncidentReport: {to: [compliance@example.com, outside@other.example], content: all}}
  - rule: Mark
    conditions: {contentContainsSensitiveInformation: [{type: Credit card number, minCount: 1, maxCount: any}]}
    actions:
      setHeader: {X-Card: "yes"}
      prependSubject: "[card] "
      generateAlert: [desk@example.com]
      notifyUser: [sender, dlp@example.com, outside@other.example]
      notifyEmailCustomSubject: "told %%MatchedConditionsAndValues%%"
      notifyEmailCustomText: "<p title='%%FileName%%'>%%MatchedSITAndSurroundingcontext%% %%MatchedConditions%% %%FileName%% %%BlockedMessageInfo%% %%ContentId%% %%UserEmail%%</p>"
      generateNotification: "<p>%%Headers%% %%Subject%% %%From%% %%To%% %%Cc%%</p>"
  - rule: Cannot be read
    conditions: {documentIsUnsupported: true}
    actions:
      setHeader: {X-Unread: "yes"}
      stripAttachment: {extensions: [bin, zip, csv], text: "%%FileName%% was removed."}
      modifySubject: {patterns: [hold], text: kept, strategy: append}
      applyHtmlDisclaimer: {text: "<p>%%DisplayName%%</p>"}
      onActionError: continue
      generateIncidentReport: {to: [compliance@example.com, outside@other.example], content: all}
`

// canaryHouse writes a configuration with the types and policies of the canaries.
func canaryHouse(t *testing.T, dir string) {
	t.Helper()
	write(t, filepath.Join(dir, "postern.yaml"), holdingConfig+"log: {level: debug}\n")
	write(t, filepath.Join(dir, "policies", "cards.yaml"), canaryPolicy)
	write(t, filepath.Join(dir, "policies", "types.yaml"), canaryTypes)
}

// brokenDocument is a Word document whose text ends in the middle of an element
// that is named like a value.
func brokenDocument(t *testing.T) []byte {
	t.Helper()
	var data bytes.Buffer
	z := zip.NewWriter(&data)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"word/document.xml":   `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + canaryText + `</w:t></EMP-482915><SSN-536-22-1234 `,
		canaryText + ".txt":   canaryText,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// canaryMail gives messages with the canaries wherever content can hold them: in
// subject, text, names and contents of attachments, and where a reader meets a
// mistake. Lines end in LF.
func canaryMail(t *testing.T, subject string) map[string]string {
	t.Helper()
	head := "From: anna@example.com\nTo: bob@partner.example, carl@example.com\nSubject: " + subject + " " + canaryText + "\nMessage-ID: <1@example.com>\nMIME-Version: 1.0\n"
	part := func(fields, body string) string { return "--b\n" + fields + "\n\n" + body + "\n" }
	named := func(typ, ext string) string {
		return "Content-Type: " + typ + "\nContent-Disposition: attachment; filename=\"" + canaryText + ext + "\""
	}
	coded := base64.StdEncoding.EncodeToString
	multi := func(parts ...string) string {
		return head + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Join(parts, "") + "--b--\n"
	}
	whole := brokenDocument(t)
	return map[string]string{
		"a text": head + "\n" + canaryText + "\n",
		"attachments": multi(part("Content-Type: text/plain", canaryText), part(named("text/csv", ".csv"), canaryText),
			part(named("message/rfc822", ".eml"), "Subject: "+canaryText+"\n\n"+canaryText)),
		"what cannot be read": multi(part(named("application/octet-stream", ".bin"), "\x01\x02\x03"+canaryText),
			part(named("application/zip", ".zip")+"\nContent-Transfer-Encoding: base64", coded([]byte("PK\x03\x04"+canaryText))),
			part(named("application/zip", ".zip")+"\nContent-Transfer-Encoding: base64", coded(whole[:len(whole)-30])),
			part(named("application/pdf", ".pdf"), "%PDF-1.7\n("+canaryText+") Tj /"+canaries[1]+" <<")),
		"a broken document": multi(part(named("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx")+"\nContent-Transfer-Encoding: base64", coded(whole))),
		"mistakes of MIME": multi(part(`Content-Type: text/plain; charset="SSN 536-22-1234"`, canaryText),
			part("Content-Type: text/plain\nContent-Transfer-Encoding: EMP-482915", canaryText),
			part("Content-Type: text/plain\nContent-Transfer-Encoding: base64", "!!!"+canaryText),
			part("Content-Type: Project Kestrel; "+canaryText, canaryText)),
	}
}

// noCanary fails when a value stands in a text, as written, without its delimiters
// or in another case.
func noCanary(t *testing.T, what, text string) {
	t.Helper()
	folded := strings.ToLower(text)
	bare := strings.NewReplacer(" ", "", "-", "")
	for _, c := range canaries {
		for _, form := range []string{c, bare.Replace(c), fmt.Sprintf("%x", c), base64.StdEncoding.EncodeToString([]byte(c))} {
			if at := strings.Index(folded, strings.ToLower(form)); at >= 0 {
				t.Errorf("%s shows %s: …%s…", what, c, text[max(0, at-200):min(len(text), at+100)])
				break
			}
		}
	}
}

// Whatever is done with a message, and whatever is wrong with it: no line of the
// log, reply or record has a value in it.
func TestNoLogLineShowsAValue(t *testing.T) {
	r := startConfigured(t, measuredConfig+"log: {level: debug}\n", patience, map[string]string{"cards.yaml": canaryPolicy, "types.yaml": canaryTypes})
	judged := 0
	for _, subject := range []string{"hold", "block", "some", "mark"} {
		for name, mail := range canaryMail(t, subject) {
			c := r.client(t)
			res, err := transact(c, []byte(mail), []string{"bob@partner.example", "carl@example.com"})
			if err != nil {
				t.Fatalf("%s, %s: %v", subject, name, err)
			}
			noCanary(t, "the reply", string(res.Verdict.Payload))
			for _, e := range res.Edits {
				// The subject and the body are the message's own.
				if e.Command != 'b' && (e.Command != 'm' || !strings.Contains(string(e.Payload), "Subject")) {
					noCanary(t, "an edit", string(e.Payload))
				}
			}
			c.Quit()
			judged++
		}
	}
	var listed, errs bytes.Buffer
	config := filepath.Join(r.dir, "postern.yaml")
	for _, args := range [][]string{
		{"quarantine", "list", "--config", config, "--json"}, {"quarantine", "list", "--config", config},
		{"status", "--config", config, "--json"}, {"audit", "export", "--config", config},
		{"report", "--config", config, "--by", "rule,type,action", "--json"}, {"report", "incidents", "--config", config, "--people"},
		{"report", "incidents", "--config", config, "--people", "--csv"}, {"privacy", "find", "someone@example.org", "--config", config, "--json"},
		{"alerts", "list", "--config", config}, {"alerts", "list", "--config", config, "--json"},
	} {
		listed.Reset()
		if status := run(args, strings.NewReader(""), &listed, &errs); status != statusGood || listed.Len() == 0 {
			t.Errorf("%v: status %d, %q %s", args, status, listed.String(), errs.String())
		}
		noCanary(t, strings.Join(args[:2], " "), listed.String())
	}
	noAlertShows(t, r)
	lines := r.log.events(t, "message")
	if len(lines) != judged {
		t.Errorf("%d lines for %d messages", len(lines), judged)
	}
	did := map[string]bool{}
	for _, line := range lines {
		did[fmt.Sprint(line["verdict"])] = true
		reference := fmt.Sprint(line["reference"])
		commands := [][]string{{"explain", "--config", config, "--ref", reference}}
		if line["verdict"] == "quarantine" {
			commands = append(commands, []string{"quarantine", "show", "--config", config, reference})
		}
		for _, args := range commands {
			for _, args := range [][]string{args, append(args, "--json")} {
				listed.Reset()
				if status := run(args, strings.NewReader(""), &listed, &errs); status != statusGood {
					t.Fatalf("%v: status %d, %s", args, status, errs.String())
				}
				noCanary(t, strings.Join(args, " "), listed.String())
			}
		}
	}
	if !did["quarantine"] || !did["block"] || !did["deliver"] {
		t.Errorf("the verdicts are %v only, so little is proved", did)
	}
	measured, _ := r.scraped(t)
	if !strings.Contains(measured, `postern_rule_matches_total{policy="Cards",rule="Hold"`) {
		t.Error("no match is measured, so little is proved")
	}
	noCanary(t, "what is measured", measured)
	noCanary(t, "the health", r.get(t, "/readyz", http.StatusOK)+r.get(t, "/healthz", http.StatusOK))
	for _, address := range []string{"anna@", "bob@", "carl@", "partner.example", "P-"} {
		if strings.Contains(measured, address) {
			t.Errorf("what is measured shows %s", address)
		}
	}
	r.stop()
	r.wait(t)
	noAlertMailShows(t, filepath.Join(r.dir, "store"))
	noCanary(t, "the log", r.log.String())
	noCanary(t, "the errors", errs.String())
	noCanaryInMail(t, r.dir, lines)
}

// noCanaryInMail fails when a value stands in a notice that waits in the outbox, or
// in what a held message keeps for notices.
func noCanaryInMail(t *testing.T, dir string, lines []map[string]any) {
	t.Helper()
	v, err := openVault(t.Context(), process{store: filepath.Join(dir, "store")}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	s := &service{vault: v}
	kinds := map[string]int{}
	for _, line := range lines {
		reference := fmt.Sprint(line["reference"])
		entries, octets := s.entries(t, reference)
		for i, e := range entries {
			if e.Kind != quarantine.EntryNotice {
				continue
			}
			m, err := message.Read(message.Envelope{}, strings.NewReader(octets[i]), nil, message.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			subject := m.Subject()
			kinds[strings.Trim(strings.Fields(subject)[0], ":")]++
			noCanary(t, "the subject of a notice", subject)
			noCanary(t, "a notice", octets[i])
			for p := range m.Leaves() {
				text, err := p.Content()
				if err != nil {
					t.Fatal(err)
				}
				noCanary(t, "a part of the notice "+subject, string(text))
			}
			m.Close()
		}
		page, err := v.List(t.Context(), quarantine.Filter{Reference: reference})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			noCanary(t, "what is kept of reports", string(i.Reports))
			if len(i.Reports) > 0 {
				kinds["kept"]++
			}
		}
	}
	if kinds["[Low]"] < 10 || kinds["kept"] < 3 || kinds["told"] < 3 || kinds["About"] < 3 {
		t.Errorf("notices %v only, so little is proved", kinds)
	}
}

// The commands show no value, as text or JSON, on either stream.
func TestNoCommandShowsAValue(t *testing.T) {
	dir := t.TempDir()
	canaryHouse(t, dir)
	config := filepath.Join(dir, "postern.yaml")
	var files []string
	for name, mail := range canaryMail(t, "hold some") {
		file := filepath.Join(dir, name+".eml")
		write(t, file, mail)
		files = append(files, file)
	}
	document := filepath.Join(dir, "broken.docx")
	write(t, document, string(brokenDocument(t)))
	list := filepath.Join(dir, "list.txt")
	write(t, list, canaryText+"\n"+canaryText+"\n")
	for _, command := range [][]string{
		append([]string{"explain", "--config", config}, files...),
		append([]string{"classify", "--config", config, document, list}, files...),
		{"classify", "--config", config, "--lines", list},
		{"types", "test", "--config", config},
		{"check", "--config", config},
	} {
		for _, how := range []string{"", "--json"} {
			args := append([]string{}, command...)
			if how != "" {
				args = append(args, how)
			}
			var out, errs bytes.Buffer
			run(args, strings.NewReader(""), &out, &errs)
			what := strings.Join([]string{command[0], command[1], how}, " ")
			if out.Len() == 0 {
				t.Errorf("%s prints nothing: %s", what, errs.String())
			}
			noCanary(t, what, out.String())
			noCanary(t, "the errors of "+what, errs.String())
		}
	}
	var out, errs bytes.Buffer
	if status := run([]string{"classify", "--config", config, "--reveal", "--json", list}, nil, &out, &errs); status != statusGood {
		t.Fatal(errs.String())
	}
	for _, c := range canaries {
		if !strings.Contains(out.String(), c) {
			t.Errorf("%s is not found, so nothing is proved", c)
		}
	}
}

// What a decision is made of prints no value, whatever the verb: it may come into
// an error or a log.
func TestNoDecisionPrintsAValue(t *testing.T) {
	dir := t.TempDir()
	canaryHouse(t, dir)
	w, _, problems, err := load(t.Context(), filepath.Join(dir, "postern.yaml"), classify.Builtin())
	if w == nil {
		t.Fatal(problems, err)
	}
	for name, mail := range canaryMail(t, "some") {
		env := message.Envelope{Listener: "MX"}
		if env.ReversePath, err = message.ParsePath("anna@example.com"); err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"bob@partner.example", "carl@example.com"} {
			p, err := message.ParsePath(to)
			if err != nil {
				t.Fatal(err)
			}
			env.Recipients = append(env.Recipients, recipient(p))
		}
		m, err := message.Read(env, strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")), nil, message.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		scan := rules.NewScan(&w.rules, m)
		d := w.engine.Run(t.Context(), w.set, scan, actions.DryRun{})
		for _, x := range []any{d, *d, d.Outcome, d.Evaluation, d.Forks, d.Notices, scan.Detections(t.Context()), scan.Parts(t.Context()), m.Header} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				noCanary(t, fmt.Sprintf("%s: %s of %T", name, verb, x), fmt.Sprintf(verb, x))
			}
		}
		if d.Err != nil {
			noCanary(t, name+": the error", d.Err.Error())
		}
		var j journal
		log := newLogger(process{logFormat: "console"}, &j)
		logMessage(log, m, d, d.Outcome, time.Second, fmt.Errorf("as it was: %v", d.Outcome))
		noCanary(t, name+": the log for people", j.String())
	}
}
