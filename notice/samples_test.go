package notice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

// germanOrEnglish gives what a language says.
func germanOrEnglish(language, de, en string) string {
	if language == "de" {
		return de
	}
	return en
}

// sampleOriginal is the message of the samples.
func sampleOriginal(t testing.TB, language string) Original {
	o := original(t)
	o.Language = language
	o.Header = append(message.Header(nil), o.Header...)
	for i, f := range o.Header {
		if f.Name == "Subject" {
			o.Header[i].Value = germanOrEnglish(language, " =?utf-8?Q?Zahlen_f=C3=BCr_das_Quartal?=", " Figures of the quarter")
		}
	}
	return o
}

// sampleNotification is a notification with much in it.
func sampleNotification(t testing.TB, language string) Notification {
	return Notification{
		Original: sampleOriginal(t, language), To: path(t, "ann@example.com"), Preferred: language, Sender: true, Effect: EffectBlocked,
		Recipients: []message.Path{path(t, "bob@partner.example"), path(t, "eve@other.example")}, Partial: true,
		Findings: []Finding{
			{Type: "Credit card number", Count: 2, Parts: []string{"report.xlsx"}},
			{Type: "Germany passport number", Count: 1, Parts: []string{"body", "subject"}},
			{Type: "France passport number", Count: 13, Parts: []string{"part 1.2", "scans.zip/a.pdf"}},
			{Type: "All medical terms and conditions", Count: 3, Parts: []string{"body"}},
		},
		Conditions: []Condition{{"accessScope", "the message goes outside"}},
		Policy:     germanOrEnglish(language, "Kartennummern", "Card numbers"), Rule: germanOrEnglish(language, "Zwei oder mehr nach außen", "Two or more to people outside"),
		Tip: germanOrEnglish(language, "Diese Nachricht enthält Kartennummern.", "This message holds card numbers."), LearnMore: "https://intranet.example.com/dlp/cards",
	}
}

// samples are the notices of every kind with data as it may be, in a language.
func samples(t testing.TB, w *Writer, language string) map[string]Notice {
	t.Helper()
	all := make(map[string]Notice)
	keep := func(name string) func(Notice, error) {
		return func(n Notice, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all[name] = n
		}
	}
	o := sampleOriginal(t, language)
	tip := germanOrEnglish(language, "Diese Nachricht enthält Kartennummern und wurde nicht nach außen gesendet.", "This message holds card numbers and was not sent outside.")
	rcpts := recipients(t, "bob@partner.example", "eve@other.example")
	keep("ndr-block")(w.BlockNDR(Block{Original: o, Recipients: rcpts, Tip: tip, LearnMore: "https://intranet.example.com/dlp/cards"}))
	blocked := sampleNotification(t, language)
	keep("ndr-block-notification")(w.BlockNDR(Block{Original: o, Recipients: rcpts, Tip: tip, Notification: &blocked}))
	keep("ndr-expiry")(w.ExpiryNDR(Expiry{Original: o, Recipients: rcpts[:1], Tip: tip}))
	keep("ndr-rejected")(w.RejectedNDR(Rejection{Original: o, Recipients: rcpts[:1], Comment: germanOrEnglish(language, "Bitte nur über das Portal senden.\nDanke, Eva", "Please send this by the portal only.\nThank you, Eve")}))
	keep("ndr-delivery")(w.DeliveryDSN(Failure{Original: o, Released: true, Recipients: []FailedRecipient{{Recipient: rcpts[0], Reply: "550 5.1.1 <bob@partner.example>: no such user", RemoteMTA: "mx.partner.example"}}}))
	keep("ndr-delivery-expired")(w.DeliveryDSN(Failure{Original: o, Recipients: []FailedRecipient{{Recipient: rcpts[0], Reply: "connection refused", Expired: true}}}))
	keep("delay-held")(w.DelayDSN(Delay{Original: o, Recipients: rcpts, Until: today.Add(72 * time.Hour), Tip: tip}))
	keep("delay-queued")(w.DelayDSN(Delay{Original: o, Recipients: rcpts[:1], Queued: true, Until: today.Add(72 * time.Hour)}))
	for _, effect := range []Effect{EffectDelivered, EffectBlocked, EffectHeld, EffectWaiting, EffectDeleted, EffectRedirected} {
		n := sampleNotification(t, language)
		n.Effect = effect
		keep("notification-sender-" + string(effect))(w.Notification(n))
		if effect != EffectDelivered {
			n.Simulated = true
			keep("notification-sender-trial-" + string(effect))(w.Notification(n))
		}
		n = sampleNotification(t, language)
		n.Effect, n.To, n.Sender, n.Tip, n.Partial = effect, path(t, "boss@example.com"), false, "", false
		n.Attached = []byte("From: Ann <ann@example.com>\r\nSubject: Figures of the quarter\r\nMIME-Version: 1.0\r\n\r\nAs attached.\r\n")
		keep("notification-manager-" + string(effect))(w.Notification(n))
	}
	n := sampleNotification(t, language)
	n.Simulated, n.Sender, n.To = true, false, path(t, "boss@example.com")
	keep("notification-manager-trial")(w.Notification(n))
	n = sampleNotification(t, language)
	n.Subject = germanOrEnglish(language, "Angehalten: %%PolicyName%%", "Stopped: %%policyname%%")
	n.DisplayName = germanOrEnglish(language, "Datenschutz für Köln", "Data protection")
	n.Text = germanOrEnglish(language,
		`<p>Guten Tag,</p><p>Ihre Nachricht verstößt gegen <b>%%PolicyName%%</b> (Kennzeichen %%Reference%%).</p><p>%%BlockedMessageInfo%%</p><ul><li>%%MatchedConditionsAndValues%%</li></ul><p>Fragen? <a href="https://intranet.example.com/dlp?ref=%%Reference%%">Im Intranet</a></p>`,
		`<p>Hello,</p><p>your message goes against <b>%%PolicyName%%</b> (reference %%Reference%%).</p><p>%%BLOCKEDMESSAGEINFO%%</p><ul><li>%%MatchedConditionsAndValues%%</li></ul><p>Questions? <a href="https://intranet.example.com/dlp?ref=%%Reference%%">On the intranet</a></p>`)
	keep("notification-own-text")(w.Notification(n))
	own := n
	keep("ndr-block-own-text")(w.BlockNDR(Block{Original: o, Recipients: rcpts, Notification: &own}))
	n.Simulated = true
	keep("notification-own-text-trial")(w.Notification(n))
	keep("recipient-notice")(w.RecipientNotice(RecipientNotice{
		Original: o, To: path(t, "bob@partner.example"), Preferred: language,
		HTML: germanOrEnglish(language, "<p>Eine Nachricht von %%From%% an %%To%% vom %%MessageDate%% mit dem Betreff „%%Subject%%“ wurde geprüft.</p>", "<p>A message from %%From%% to %%To%% of %%MessageDate%% with the subject “%%Subject%%” was checked.</p>"),
	}))
	var told []Told
	for i := range 12 {
		told = append(told, Told{Time: today.Add(time.Duration(i) * time.Minute), Subject: fmt.Sprintf("Invoice %d", 4000+i), Effect: EffectBlocked, Simulated: i%5 == 4, Reference: fmt.Sprintf("P-%06d", i)})
	}
	keep("summary")(w.Summary(Summary{To: path(t, "ann@example.com"), Preferred: language, Items: told, Since: today, Until: today.Add(time.Hour)}))
	keep("digest")(w.Digest(Digest{To: path(t, "rev@example.com"), Language: language, Items: []Held{held(t, "a", time.Hour), held(t, "b", 30*24*time.Hour), held(t, "c", 0)}}))
	keep("alert")(w.AlertMail(sampleAlert(t, language)))
	many := sampleAlert(t, language)
	many.Events, many.Window, many.Simulated, many.Severity, many.Bytes = 10, 48*time.Hour, true, "Medium", 123_456
	many.First, many.References = many.Raised.Add(-47*time.Hour), []string{"P-000001", "P-000002", "P-000003"}
	keep("alert-count")(w.AlertMail(many))
	many.Simulated, many.Volume, many.Severity, many.Match, many.Bytes, many.Users = false, true, "Low", nil, 52_500_000, nil
	keep("alert-volume")(w.AlertMail(many))
	keep("held")(w.HeldNotice([]message.Path{path(t, "rev@example.com")}, held(t, "a", time.Hour)))
	incidents := incidentSamples(t, language)
	for _, name := range slices.Sorted(maps.Keys(incidents)) {
		keep("incident-" + name)(w.IncidentReport(incidents[name]))
	}
	return all
}

// sampleWriter writes in a language where a person has no preference.
func sampleWriter(t testing.TB, language string) *Writer {
	t.Helper()
	s := settings(t)
	s.Language, s.Contact = language, germanOrEnglish(language, "der Datenschutz, dlp@example.com, Telefon 4711", "the data protection desk, dlp@example.com, phone 4711")
	s.NewID = func() string { return "sample" } // as golden files have it
	w, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// everySample calls a function with each sample.
func everySample(t *testing.T, check func(t *testing.T, w *Writer, name string, n Notice)) {
	for _, language := range BuiltIn {
		w := sampleWriter(t, language)
		all := samples(t, w, language)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			t.Run(name+"."+language, func(t *testing.T) { check(t, w, name+"."+language, all[name]) })
		}
	}
}

// twins gives the text and the HTML of a mail, and the types of all its leaves, as
// the standard library's parsers read it.
func twins(t testing.TB, data []byte) (text, document string, types []string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(header map[string][]string, body io.Reader)
	walk = func(header map[string][]string, body io.Reader) {
		get := func(name string) string { return mail.Header(header).Get(name) }
		mediaType, params, err := mime.ParseMediaType(get("Content-Type"))
		if err != nil {
			t.Fatalf("%q: %v", get("Content-Type"), err)
		}
		if strings.HasPrefix(mediaType, "multipart/") {
			r := multipart.NewReader(body, params["boundary"])
			for {
				p, err := r.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(p.Header, p)
			}
		}
		if get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, mediaType)
		switch s := strings.ReplaceAll(string(content), "\r\n", "\n"); {
		case mediaType == "text/plain" && text == "":
			text = s
		case mediaType == "text/html" && document == "":
			document = s
		}
	}
	walk(m.Header, m.Body)
	return text, document, types
}

// shownWords gives the words of an HTML document in the order they are shown.
func shownWords(t testing.TB, document string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (n.Data == "style" || n.Data == "title") {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && n.Data != "a" && n.Data != "b" {
			b.WriteByte(' ')
		}
	}
	walk(root)
	return wordsOf(b.String())
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func TestTwinsSayTheSame(t *testing.T) {
	everySample(t, func(t *testing.T, _ *Writer, name string, n Notice) {
		text, document, types := twins(t, n.Bytes)
		if strings.Contains(name, "own-text") {
			// The text of a link of the administrator has its address too.
			text = strings.Replace(text, "<https://intranet.example.com/dlp?ref=P-7K3M9Q>", "", 1)
		}
		if diff := cmp.Diff(wordsOf(text), shownWords(t, document)); diff != "" {
			t.Errorf("-text +HTML %s\n%s", diff, text)
		}
		if len(types) < 2 || types[0] != "text/plain" || types[1] != "text/html" {
			t.Errorf("parts %v", types)
		}
		if want := name[strings.LastIndexByte(name, '.')+1:]; !strings.Contains(document, `<html lang="`+want+`">`) {
			t.Errorf("the document is not in %s", want)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > 78 && strings.Contains(strings.TrimLeft(line, "| "), " ") {
				t.Errorf("a long line: %s", line)
			}
		}
		if strings.Contains(text, "{") || strings.Contains(text, "%%") || strings.Contains(text, "%!") {
			t.Errorf("something is not filled in:\n%s", text)
		}
	})
}

func TestEveryNoticeIsSound(t *testing.T) {
	everySample(t, func(t *testing.T, w *Writer, name string, n Notice) {
		for i, c := range n.Bytes {
			if c >= 0x80 {
				t.Fatalf("octet %d is not ASCII: %q", i, n.Bytes[max(0, i-40):i+1])
			}
		}
		m := read(t, w, n)
		auto := "auto-generated"
		if strings.HasPrefix(name, "ndr") || strings.HasPrefix(name, "delay") || strings.HasPrefix(name, "notification-sender") || strings.HasPrefix(name, "notification-own") {
			auto = "auto-replied"
		}
		if f, _ := m.Header.Get("Auto-Submitted"); f.Text() != auto {
			t.Errorf("Auto-Submitted: %s", f.Text())
		}
		about := !strings.HasPrefix(name, "digest") && !strings.HasPrefix(name, "summary")
		if (n.Reference != "") != about {
			t.Errorf("reference %q", n.Reference)
		}
		if f, _ := m.Header.Get("In-Reply-To"); (f.Text() == "<original-1@example.com>") != (about && !strings.HasPrefix(name, "held") && !strings.HasPrefix(name, "alert") && !strings.HasPrefix(name, "incident")) {
			t.Errorf("In-Reply-To: %s", f.Text())
		}
		if strings.HasPrefix(name, "ndr") || strings.HasPrefix(name, "delay") {
			r := report(t, w, n)
			text, _, types := twins(t, n.Bytes)
			if r.Text != text {
				t.Error("the two parsers read different texts")
			}
			if diff := cmp.Diff([]string{"text/plain", "text/html", "message/delivery-status", "text/rfc822-headers"}, types); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// TestGoldenNotices holds text, HTML and octets of one notice of each kind as they
// are.
func TestGoldenNotices(t *testing.T) {
	whole := []string{"ndr-block", "notification-manager-blocked", "notification-own-text"}
	everySample(t, func(t *testing.T, _ *Writer, name string, n Notice) {
		text, document, _ := twins(t, n.Bytes)
		golden(t, name+".txt", text)
		if base, _, _ := strings.Cut(name, "."); slices.Contains(whole, base) {
			golden(t, name+".html", document)
			golden(t, name+".eml", string(bytes.ReplaceAll(n.Bytes, []byte("\r\n"), []byte("\n"))))
		}
	})
}

// TestSamples writes every kind of notice to the folder that NOTICE_SAMPLES names,
// as mail and as HTML, to be looked at.
func TestSamples(t *testing.T) {
	dir := os.Getenv("NOTICE_SAMPLES")
	if dir == "" {
		t.Skip("NOTICE_SAMPLES names no folder")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	everySample(t, func(t *testing.T, _ *Writer, name string, n Notice) {
		text, document, _ := twins(t, n.Bytes)
		for end, data := range map[string][]byte{".eml": n.Bytes, ".html": []byte(document), ".txt": []byte(text)} {
			if err := os.WriteFile(filepath.Join(dir, name+end), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheDelayIsAskedFor(t *testing.T) {
	w := writer(t)
	n, err := w.DelayDSN(Delay{Original: original(t), Recipients: recipients(t, "a@x.example NOTIFY=FAILURE", "b@x.example NOTIFY=DELAY", "c@x.example"), Until: today.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, w, n)
	if got := finals(r); got != "b@x.example delayed 4.7.1, c@x.example delayed 4.7.1" || !r.Recipients[0].WillRetryUntil.Equal(today.Add(time.Hour)) {
		t.Errorf("%s, until %s", got, r.Recipients[0].WillRetryUntil)
	}
	_, err = w.DelayDSN(Delay{Original: original(t), Recipients: recipients(t, "a@x.example NOTIFY=NEVER"), Queued: true})
	var not *NotSent
	if !errors.As(err, &not) || not.Reason != ReasonNotify {
		t.Error(err)
	}
	if _, err := dsn.Parse(bytes.NewReader(n.Bytes)); err != nil {
		t.Error(err)
	}
}
