package notice

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/postern-mail/postern/message"
)

// sampleIncident is an incident with everything in it.
func sampleIncident(language string) Incident {
	no := false
	policy, rule := germanOrEnglish(language, "Kartennummern", "Card numbers"), germanOrEnglish(language, "Zehn oder mehr nach außen", "Ten or more to people outside")
	return Incident{
		Version: IncidentVersion, Reference: "P-7K3M9Q", Time: today, Contents: ContentAll, Severity: "High", Service: "Exchange",
		Message: IncidentMessage{
			MessageID: "<original-1@example.com>", Subject: germanOrEnglish(language, "Zahlen für ***************9903", "Figures for ***************9903"),
			Sender: "ann@example.com", From: "ann.lee@example.com", To: []string{"bob@partner.example", "eve@other.example"}, MoreTo: 12,
			Cc: []string{"carl@example.com"}, Bcc: []string{"dora@other.example"}, Sent: today.Add(-time.Minute), Size: 482_113, Client: "192.0.2.10",
			Login: "ann", QueueID: "4Xy7Tq0", Parts: []string{"report.xlsx", "scans.zip"},
		},
		Verdicts: []IncidentVerdict{
			{Recipients: []string{"bob@partner.example", "eve@other.example"}, MoreRecipients: 3, Verdict: "quarantine", Policy: policy, Rule: rule, Item: "01J9ZQ4T7M2K", Until: today.Add(30 * 24 * time.Hour)},
			{Recipients: []string{"carl@example.com"}, Verdict: "deliver"},
		},
		Rules: []IncidentRule{
			{Policy: policy, Rule: rule, Severity: "High", State: "enforced", Actions: []string{"quarantine", "reportSeverityLevel"}, Recipients: 5,
				Conditions: []IncidentCondition{{"accessScope", "eve@other.example is outside"}, {"contentContainsSensitiveInformation", "Credit card number: 12 unique with confidence 85 or more, 10 or more asked"}},
				Detections: []IncidentDetection{{Type: "Credit card number", ID: "50842eb7-edc8-4019-85dd-5a5c1f2bb085", Count: 140, UniqueCount: 12, Confidence: 85, Recommended: 85, Parts: []string{"report.xlsx", "subject"}}}},
			{Policy: policy, Rule: germanOrEnglish(language, "Einige Karten", "Some cards"), Severity: "Low", State: "halted"},
		},
		OtherRules: []IncidentRule{{Policy: germanOrEnglish(language, "Personal", "Staff"), Rule: germanOrEnglish(language, "Gehälter", "Salaries"), Severity: "Medium", State: "halted"}},
		Evidence: []IncidentEvidence{
			{Type: "Credit card number", Part: "report.xlsx", Value: "***************9903", Confidence: 85, Before: "Name Ann Lee Card", After: "Expires 12/29 IBAN ******************6199"},
			{Type: "Credit card number", Part: "report.xlsx", Value: "***************1881", Confidence: 85},
			{Type: "Credit card number", Part: "subject", Value: "***************9903", Confidence: 75},
		},
		EvidenceTotal: 140,
		Documents: []IncidentDocument{
			{Part: "report.xlsx", Author: "Ann Lee", LastModifier: "Carl Ott", Labels: []string{"Confidential"}}, {Part: "scans.zip/a.docx", Author: "Dora Ny"},
		},
		MoreDocuments: 1, Labels: []string{"Confidential"},
		Override:      &IncidentOverride{Overridden: true, Recipients: []string{"bob@partner.example"}, Justification: germanOrEnglish(language, "Vertrag 17", "Contract 17")},
		FalsePositive: &no, Original: &IncidentCopy{Attached: true, Size: 482_113},
	}
}

// incidentSamples are reports as they may be.
func incidentSamples(t testing.TB, language string) map[string]IncidentReport {
	to := []message.Path{path(t, "compliance@example.com")}
	whole := IncidentReport{To: to, Incident: sampleIncident(language), Original: []byte("From: ann@example.com\r\nSubject: x\r\n\r\nText.\r\n")}

	short := IncidentReport{To: to, Incident: Incident{
		Version: IncidentVersion, Reference: "P-7K3M9Q", Time: today, Contents: ContentTitle, Severity: "Low", Message: IncidentMessage{MessageID: "<original-1@example.com>"},
		Verdicts: []IncidentVerdict{{Recipients: []string{"bob@partner.example"}, Verdict: "block", Policy: "P", Rule: "R", Reason: "the message is refused for everybody"}},
		Rules:    []IncidentRule{{Policy: "P", Rule: "R", Severity: "Low", State: "enforced"}},
	}}
	test := short
	test.Incident.Simulated, test.Incident.Contents = true, ContentDefault|ContentOriginal
	test.Incident.Verdicts = []IncidentVerdict{{Recipients: []string{"bob@partner.example"}, Verdict: "deliver", Simulated: "block"}}
	test.Incident.Rules = []IncidentRule{{Policy: "P", Rule: "R", Severity: "Low", State: "simulated"}}
	test.Incident.Original = &IncidentCopy{Reason: "tooLarge", Size: 99_000_000}

	second := IncidentReport{To: to, Incident: sampleIncident(language)}
	second.Incident.Evidence, second.Incident.EvidenceTotal, second.Incident.Documents, second.Incident.MoreDocuments, second.Incident.Original = nil, 0, nil, 0, nil
	second.Incident.FirstReport = "<first@mail.example.com>"
	second.Incident.Decision = &IncidentDecision{Item: "01J9ZQ4T7M2K", Event: "release", Time: today.Add(time.Hour), By: "eva",
		Comment: germanOrEnglish(language, "geprüft", "looked at"), Recipients: []string{"bob@partner.example"}, Redirect: []string{"desk@example.com"}, WithoutEdits: true, StillHeld: "01J9ZQ5AAAAA"}
	expired := second
	expired.Incident.Decision = &IncidentDecision{Item: "01J9ZQ4T7M2K", Event: "expire", Time: today.Add(time.Hour), Recipients: []string{"bob@partner.example"}}
	expired.Incident.FirstReport = ""
	return map[string]IncidentReport{"held": whole, "short": short, "test": test, "released": second, "expired": expired}
}

// parts gives the parts of a report behind text and HTML, by name.
func incidentParts(t testing.TB, n Notice) (header mail.Header, parts map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(n.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	mediaType, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/mixed" {
		t.Fatalf("%s, %v", mediaType, err)
	}
	parts = make(map[string]string)
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		parts[p.FileName()] = p.Header.Get("Content-Type") + "\n" + string(data)
	}
}

func incidentSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("../docs/schema/incident.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("file:///incident.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("file:///incident.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The part for programs follows the documented schema, and is read back as it was.
func TestIncidentPartFollowsItsSchema(t *testing.T) {
	schema := incidentSchema(t)
	w := writer(t)
	for name, r := range incidentSamples(t, "en") {
		n, err := w.IncidentReport(r)
		if err != nil {
			t.Fatal(err)
		}
		_, parts := incidentParts(t, n)
		mediaType, data, _ := strings.Cut(parts[incidentFile], "\n")
		if mediaType != "application/json" {
			t.Errorf("%s: the part is %s", name, mediaType)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var back Incident
		if err := json.Unmarshal([]byte(data), &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Incident, back); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestGoldenIncidentReports holds the octets of a report as they are.
func TestGoldenIncidentReports(t *testing.T) {
	for _, language := range BuiltIn {
		n, err := sampleWriter(t, language).IncidentReport(incidentSamples(t, language)["held"])
		if err != nil {
			t.Fatal(err)
		}
		_, document, _ := twins(t, n.Bytes)
		golden(t, "incident-held."+language+".html", document)
		golden(t, "incident-held."+language+".eml", string(bytes.ReplaceAll(n.Bytes, []byte("\r\n"), []byte("\n"))))
	}
}

// Every member that a report may have stands in the schema, so that it says what
// there is.
func TestIncidentSchemaNamesEveryMember(t *testing.T) {
	whole := sampleIncident("en")
	second := incidentSamples(t, "en")["released"].Incident
	whole.Decision, whole.FirstReport = second.Decision, second.FirstReport
	whole.Message.MoreCc, whole.Message.MoreBcc, whole.Message.MoreParts = 1, 1, 1
	whole.Verdicts[0].Reason, whole.Verdicts[0].Simulated = "reason", "block"
	whole.Original.Reason = "off"
	data, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := incidentSchema(t).Validate(v); err != nil {
		t.Error(err)
	}
}

// A report on a decision answers the first one; the first one answers nothing.
func TestIncidentReportsOnDecisionsReferToTheFirst(t *testing.T) {
	for name, want := range map[string]string{"held": "", "released": "<first@mail.example.com>", "expired": ""} {
		n, err := writer(t).IncidentReport(incidentSamples(t, "en")[name])
		if err != nil {
			t.Fatal(err)
		}
		h, _ := incidentParts(t, n)
		if got := h.Get("References"); got != want || h.Get("In-Reply-To") != want {
			t.Errorf("%s refers to %q and answers %q, want %q", name, got, h.Get("In-Reply-To"), want)
		}
	}
}

// The message is attached as it is where it can be, and otherwise octet for octet as
// a file.
func TestIncidentReportsCarryTheMessage(t *testing.T) {
	r := incidentSamples(t, "en")["held"]
	for original, want := range map[string]string{
		"Subject: x\r\n\r\nText.\r\n":    "message/rfc822\nSubject: x\r\n\r\nText.\r\n",
		"Subject: x\r\n\r\nH\xfcte.\r\n": "application/octet-stream\nSubject: x\r\n\r\nH\xfcte.\r\n",
	} {
		r.Original = []byte(original)
		n, err := writer(t).IncidentReport(r)
		if err != nil {
			t.Fatal(err)
		}
		_, parts := incidentParts(t, n)
		if got := strings.TrimSuffix(parts["original.eml"], "\r\n"); got != strings.TrimSuffix(want, "\r\n") {
			t.Errorf("attached %q, want %q", got, want)
		}
	}
	r.Original = nil
	n, err := writer(t).IncidentReport(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, parts := incidentParts(t, n); len(parts) != 2 {
		t.Errorf("parts %v", parts)
	}
}

// Nothing that stands in an incident adds a header field, a part or markup.
func TestIncidentReportsCannotBeInjected(t *testing.T) {
	const evil = "a\r\nBcc: victim@example.com\r\n\r\n--x\r\n<script>alert(1)</script> =?utf-8?Q?=0D=0ABcc:_v@example.com?="
	in := sampleIncident("en")
	in.Reference, in.Severity, in.Message.Subject, in.Message.MessageID, in.Message.Sender = evil, evil, evil, evil, evil
	in.Message.To, in.Message.Parts, in.Labels, in.Message.Login, in.Message.QueueID = []string{evil}, []string{evil}, []string{evil}, evil, evil
	for i := range in.Rules {
		in.Rules[i].Policy, in.Rules[i].Rule, in.Rules[i].Severity, in.Rules[i].State, in.Rules[i].Actions = evil, evil, evil, evil, []string{evil}
		in.Rules[i].Conditions = []IncidentCondition{{evil, evil}}
		in.Rules[i].Detections = []IncidentDetection{{Type: evil, Parts: []string{evil}}}
	}
	in.Evidence = []IncidentEvidence{{Type: evil, Part: evil, Value: evil, Before: evil, After: evil}}
	in.Documents = []IncidentDocument{{Part: evil, Author: evil, LastModifier: evil, Labels: []string{evil}}}
	in.Verdicts[0].Policy, in.Verdicts[0].Rule, in.Verdicts[0].Reason, in.Verdicts[0].Item, in.Verdicts[0].Recipients = evil, evil, evil, evil, []string{evil}
	in.Override.Justification, in.Original.Reason, in.Original.Attached = evil, evil, false
	in.Decision = &IncidentDecision{Item: evil, Event: evil, By: evil, Comment: evil, Recipients: []string{evil}, StillHeld: evil}
	in.FirstReport = evil
	n, err := writer(t).IncidentReport(IncidentReport{To: []message.Path{path(t, "c@example.com")}, Incident: in})
	if err != nil {
		t.Fatal(err)
	}
	h, parts := incidentParts(t, n)
	if got := slices.Sorted(func(yield func(string) bool) {
		for name := range h {
			if !yield(name) {
				return
			}
		}
	}); slices.Contains(got, "Bcc") {
		t.Errorf("fields %v", got)
	}
	for name, v := range h {
		for _, text := range v {
			decoded, _ := new(mime.WordDecoder).DecodeHeader(text)
			if strings.ContainsAny(decoded, "\r\n") {
				t.Errorf("%s holds a line end: %q", name, decoded)
			}
		}
	}
	if len(parts) != 2 {
		t.Errorf("%d parts", len(parts))
	}
	text, document, _ := twins(t, n.Bytes)
	if strings.Contains(document, "<script") {
		t.Error("the HTML has the script")
	}
	if diff := cmp.Diff(wordsOf(text), shownWords(t, document)); diff != "" {
		t.Errorf("text and HTML differ: %s", diff)
	}
}

// Contents that are not asked for are in no part of a report.
func TestIncidentContentsAreNamedAndReadBack(t *testing.T) {
	for i := range contentWords {
		c := IncidentContent(1 << i)
		data, err := json.Marshal(c)
		var back IncidentContent
		if err != nil || json.Unmarshal(data, &back) != nil || back != c || len(c.Words()) != 1 {
			t.Errorf("%s is read as %v (%v)", data, back.Words(), err)
		}
	}
	if n := len(contentWords); 1<<n != contentEnd || len(ContentAll.Words()) != n {
		t.Errorf("%d words", n)
	}
	var c IncidentContent
	if err := json.Unmarshal([]byte(`["title", "ofALaterVersion"]`), &c); err != nil || c != ContentTitle {
		t.Errorf("%v, %v", c.Words(), err)
	}
}

func TestIncidentReportToNobody(t *testing.T) {
	_, err := writer(t).IncidentReport(IncidentReport{To: []message.Path{path(t, "policy@example.com")}, Incident: sampleIncident("en")})
	var not *NotSent
	if !errors.As(err, &not) || not.Reason != ReasonNobody {
		t.Errorf("a report to the sender of notices: %v", err)
	}
}
