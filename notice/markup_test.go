package notice

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
)

func TestHTMLOfTheAdministratorStaysAsWritten(t *testing.T) {
	for _, s := range []string{
		"plain", "<p>Hello,<br>it is <B>us</b> &amp; them &nbsp;</p>", `<a href="https://x.example/a?b=1&amp;c=2" title='t'>x</a>`, `<a href=mailto:dlp@example.com>mail</a>`,
		`<table border=1 width="100%"><tr><th scope=col>a<td style="color:#123456; font-weight:bold">b</tr></table>`, `<img src="https://intranet.example.com/logo.png" alt="us" width=10>`,
		"<ul>\n<li>one</li>\n<li>two</li>\n</ul>", `<font color="red" size=+1>red</font>`, "100 % %% sure", "a > b", "<h2 align=center>x</h2>",
	} {
		got, left := safeHTML(s, nil)
		if strings.ReplaceAll(got, "</td></th>", "") != s || len(left) > 0 {
			t.Errorf("%s\n%s\nleft out: %q", s, got, left)
		}
	}
}

func TestWhatIsLeftOutOfHTML(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"a<script>alert(1)</script>b", "ab"}, {"a<script>alert(1)", "a"}, {"<svg><a href=javascript:x>y</a></svg>z", "z"}, {"<svg><svg></svg>x</svg>z", "z"},
		{"<style>p{}</style><p>x", "<p>x</p>"}, {"<html><head><title>t</title></head><body bgcolor=red><p>x</p></body></html>", "<p>x</p>"},
		{`<a href="javascript:alert(1)">x</a>`, "<a>x</a>"}, {`<a href=" JaVaScRiPt:alert(1)">x</a>`, "<a>x</a>"}, {`<a href="java&#10;script:alert(1)">x</a>`, "<a>x</a>"},
		{`<a href="data:text/html,x">x</a>`, "<a>x</a>"}, {`<a href="//x.example/">x</a>`, "<a>x</a>"}, {`<p onclick="x()" style="color:red">x</p>`, `<p style="color:red">x</p>`},
		{`<p style="background:url(https://x.example/)">x</p>`, "<p>x</p>"}, {`<p style="width:expression(1)">x</p>`, "<p>x</p>"}, {`<p style="background:u\72l(x)">x</p>`, "<p>x</p>"},
		{`<img src="data:image/png;base64,AA" alt=x>`, `<img alt="x">`}, {"<form action=x><input name=y>text</form>", "text"}, {"<!-- comment -->x<!doctype html>", "x"},
		{"</div></div>x</p>", "x"}, {"<div><b>x</div>y", "<div><b>x</b></div>y"}, {"a < b <", "a &lt; b &lt;"}, {"<iframe src=x><p>y</p></iframe>z", "z"},
		{"<plaintext>x</p>", ""}, {"<object><p>x</p></object>y", "y"}, {`<meta http-equiv=refresh content="0;url=x">x<link rel=x><base href=x>`, "x"},
		{"<p\x00>x", "<p>x</p>"}, {`<p style="position:fixed">x</p>`, "<p>x</p>"},
	} {
		got, _ := safeHTML(tc.in, nil)
		if got != tc.want {
			t.Errorf("%s\n%s, want\n%s", tc.in, got, tc.want)
		}
	}
}

func TestTokensHaveNoCaseAndAddNoMarkup(t *testing.T) {
	values := map[string]string{
		"Name": `<b>"A" & 'B'</b>`, "Lines": "one\ntwo", "Evil": `" onclick="x()`, "URL": "https://x.example/?a=b", "Script": "javascript:alert(1)", "Again": "%%Name%%", "Bidi": "a\u202egpj.exe\x00",
	}
	for _, tc := range []struct{ in, want string }{
		{"%%name%% %%NAME%%", `&lt;b&gt;&#34;A&#34; &amp; &#39;B&#39;&lt;/b&gt; &lt;b&gt;&#34;A&#34; &amp; &#39;B&#39;&lt;/b&gt;`},
		{"%%Lines%%", "one<br>\ntwo"}, {"%%Again%%", "%%Name%%"}, {"%%Unknown%% 5%%", "%%Unknown%% 5%%"}, {"%%Bidi%%", "agpj.exe"},
		{"<%%Name%%", "&lt;&lt;b&gt;&#34;A&#34; &amp; &#39;B&#39;&lt;/b&gt;"},
		{"<p title=%%Evil%%>x</p>", `<p title="&#34; onclick=&#34;x()">x</p>`},
		{`<a href="%%URL%%">x</a>`, `<a href="https://x.example/?a=b">x</a>`}, {`<a href="%%Script%%">x</a>`, "<a>x</a>"}, {`<a href="%%Name%%">x</a>`, "<a>x</a>"},
		{`<a href="https://x.example/?q=%%Evil%%&amp;b">x</a>`, `<a href="https://x.example/?q=%22%20onclick%3D%22x%28%29&amp;b">x</a>`},
		{`<p style="color:%%Name%%">x</p>`, "<p>x</p>"}, {"<script>%%Name%%</script>", ""}, {"<%%Name%%>", "&lt;&lt;b&gt;&#34;A&#34; &amp; &#39;B&#39;&lt;/b&gt;>"}, {"<!-- %%Name%% -->", ""},
	} {
		if got, _ := safeHTML(tc.in, values); got != tc.want {
			t.Errorf("%s\n%s, want\n%s", tc.in, got, tc.want)
		}
	}
}

func TestTextsAreCheckedBeforeTheyAreUsed(t *testing.T) {
	for _, tc := range []struct {
		check func(string) error
		text  string
		want  string
	}{
		{CheckNotificationText, "<p>%%appliedactions%% %%MatchedSITAndSurroundingContext%%</p>", ""},
		{CheckNotificationText, strings.Repeat("ü", 5000), ""},
		{CheckNotificationText, strings.Repeat("ü", 5001), "it has 5001 characters, at most 5000 are possible"},
		{CheckNotificationText, "%%Form%%", "there is no token %%Form%%; there are: %%AppliedActions%%, "},
		{CheckNotificationText, "<script>x</script>", "<script> cannot stand in mail and would be left out"},
		{CheckNotificationText, `<p onclick="x">x</p>`, "onclick of <p> cannot stand in mail and would be left out"},
		{CheckNotificationText, `<a href="https://x.example/%%Reference%%">x</a>`, ""},
		{CheckNotificationText, `<a href="%%ContentURL%%">x</a>`, ""},
		{CheckRecipientText, strings.Repeat("x", 5121), "it has 5121 characters, at most 5120 are possible"},
		{CheckRecipientText, "%%FROM%% %%to%% %%Cc%% %%Subject%% %%Headers%% %%MessageDate%%", ""},
		{CheckRecipientText, "%%PolicyName%%", "there is no token %%PolicyName%%; there are: %%Cc%%, "},
		{CheckSubject, "Stopped: %%PolicyName%%", ""}, {CheckSubject, "a\nb", "a subject has one line"}, {CheckSubject, "%%x%%", "there is no token %%x%%; "},
		{CheckSubject, strings.Repeat("x", 201), "it has 201 characters, at most 200 are possible"},
	} {
		err := tc.check(tc.text)
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%.60s: %v, want %s", tc.text, err, tc.want)
		}
	}
}

func TestTokensOfANotification(t *testing.T) {
	w := sampleWriter(t, "en")
	n := sampleNotification(t, "en")
	n.Context = "the card ***1111 of"
	var b strings.Builder
	for _, name := range NotificationTokens {
		fmt.Fprintf(&b, "<p>%s=%%%%%s%%%%;</p>", name, strings.ToUpper(name))
	}
	n.Text = b.String()
	notice, err := w.Notification(n)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := twins(t, notice.Bytes)
	text, _, _ = strings.Cut(strings.ReplaceAll(text, "\n", " "), "The message -")
	for _, want := range []string{
		"AppliedActions=blocked;", "BlockedMessageInfo=It goes against a mail policy of Example Ltd and was not delivered to bob@partner.example and eve@other.example. All other recipients got it.;",
		"ContentId=<original-1@example.com>;", "ContentURL=;", "FileName=report.xlsx, scans.zip/a.pdf;",
		"MatchedConditions=Credit card number Germany passport number France passport number All medical terms and conditions The message goes outside;",
		"MatchedConditionsAndValues=Two card numbers in report.xlsx One German", "MatchedSITAndSurroundingcontext=the card ***1111 of;", "PolicyName=Card numbers;",
		"PolicyRule=Two or more to people outside;", "ProcessName=;", "Reference=P-7K3M9Q;", "SiteAdmin=the data protection desk, dlp@example.com, phone 4711;",
		"TimestampForIncidentOccurrence=Wed, 4 Mar 2026 05:05 UTC;", "UserEmail=ann@example.com;", "Workload=Exchange;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	n.Simulated, n.Text, n.Subject = true, "<p>%%BlockedMessageInfo%%|%%AppliedActions%%</p>", "%%UserEmail%%: %%MatchedConditions%%"
	if notice, err = w.Notification(n); err != nil {
		t.Fatal(err)
	}
	if text, _, _ = twins(t, notice.Bytes); !strings.Contains(text, "\n|delivered\n") {
		t.Errorf("a trial tells of a block:\n%s", text)
	}
	if got := read(t, w, notice).Subject(); !strings.HasPrefix(got, "ann@example.com: Credit card number Germany") {
		t.Error(got)
	}
}

func TestTokensOfATextToRecipients(t *testing.T) {
	w := sampleWriter(t, "en")
	notice, err := w.RecipientNotice(RecipientNotice{Original: original(t), To: path(t, "bob@partner.example"), HTML: "<p>%%from%%|%%TO%%|%%Cc%%|%%subject%%|%%MessageDate%%</p><pre>%%headers%%</pre>"})
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := twins(t, notice.Bytes)
	for _, want := range []string{"Ann <ann@example.com>|Bob <bob@partner.example>||The quarter|Wed, 4 Mar", "\nSubject: The quarter\n", "\nX-Card: "} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "hidden@example.com") {
		t.Error("a blind copy is told of")
	}
	if _, err := w.RecipientNotice(RecipientNotice{Original: original(t), To: path(t, "bob@partner.example"), HTML: "<script>x</script>"}); err == nil {
		t.Error("a notice of nothing is written")
	}
}

// noticeFields are the header fields that a notice may have, each once.
var noticeFields = []string{
	"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
	"X-Postern-Loop", "X-Postern-Reference", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}

// FuzzNoTextAddsAPart puts strange text into every input of a notification: no
// header field, no part and no markup comes of it, and both twins read as one.
func FuzzNoTextAddsAPart(f *testing.F) {
	for _, s := range []string{
		"plain", "a\r\nBcc: x@y.example", "\r\n\r\n--=_x\r\nContent-Type: text/html\r\n\r\n<script>", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "%%Subject%%", "%%PolicyName%%<%%Tip%%",
		"<a href=\"%%UserEmail%%\">", "<%%PolicyName%% x>", "\xff\x00\u202e", "{organization}", "<p title=%%PolicyName%%", "</div></body></html>", "<!--", "<plaintext>", "javascript:alert(1)", "https://x.example/\"onclick=x",
	} {
		f.Add(s, s)
	}
	allowed := strings.Fields("html head meta style title body div h1 h2 h3")
	for name := range elements {
		allowed = append(allowed, name)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 1<<13 {
			t.Skip("longer than anything asked for")
		}
		s := settings(t)
		s.Organization, s.Contact, s.From.Name = "E"+a, b, a
		w, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		o := original(t)
		o.Reference = b
		for i := range o.Header {
			o.Header[i].Value = a
		}
		n := Notification{
			Original: o, To: path(t, "boss@example.com"), Preferred: a, Effect: Effect(b), Simulated: len(a)%2 == 1, Recipients: []message.Path{path(t, "bob@partner.example")},
			Findings: []Finding{{Type: a, Count: len(b), Parts: []string{b, a}}}, Conditions: []Condition{{b, a}}, Actions: []string{b}, Policy: a, Rule: b, Tip: a, LearnMore: b,
			DisplayName: b, Context: a, Attached: []byte(a),
		}
		own := n
		own.Subject, own.Text = b, a+"%%PolicyName%%"+b+"%%MatchedConditionsAndValues%%<p title='%%PolicyRule%%'>%%PolicyRule%%</p>"
		for name, write := range map[string]func() (Notice, error){
			"notification": func() (Notice, error) { return w.Notification(n) },
			"own":          func() (Notice, error) { return w.Notification(own) },
			"recipient": func() (Notice, error) {
				return w.RecipientNotice(RecipientNotice{Original: o, To: path(t, "bob@partner.example"), HTML: "x" + a + "%%Headers%%" + b})
			},
			"summary": func() (Notice, error) {
				return w.Summary(Summary{To: path(t, "ann@example.com"), Preferred: b, Items: []Told{{Subject: a, Effect: Effect(b), Reference: b}}})
			},
			"rejected": func() (Notice, error) {
				return w.RejectedNDR(Rejection{Original: func() Original { o := o; o.Header = nil; return o }(), Recipients: recipients(t, "bob@partner.example"), Comment: a, Tip: b, LearnMore: a})
			},
			"delay": func() (Notice, error) {
				return w.DelayDSN(Delay{Original: func() Original { o := o; o.Header = nil; return o }(), Recipients: recipients(t, "bob@partner.example"), Tip: a})
			},
		} {
			notice, err := write()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			seen := make(map[string]bool)
			for field := range strings.SplitSeq(fieldNames(t, notice.Bytes), " ") {
				if seen[field] || !slices.Contains(noticeFields, field) {
					t.Errorf("%s: a field %s", name, field)
				}
				seen[field] = true
			}
			for l := range bytes.SplitSeq(notice.Bytes, []byte("\r\n")) {
				if bytes.ContainsAny(l, "\r\n\x00") || len(l) > 998 {
					t.Errorf("%s: line %.100q", name, l)
				}
			}
			_, document, types := twins(t, notice.Bytes)
			want := []string{"text/plain", "text/html"}
			switch name {
			case "notification", "own":
				if len(n.Attached) > 0 || n.Attached != nil {
					want = append(want, "message/rfc822")
				}
			case "rejected", "delay":
				want = append(want, "message/delivery-status")
				if _, err := dsn.Parse(bytes.NewReader(notice.Bytes)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if len(types) > 2 && types[2] == "application/octet-stream" {
				types[2] = "message/rfc822"
			}
			if !slices.Equal(types, want) {
				t.Errorf("%s: parts %v", name, types)
			}
			root, err := html.Parse(strings.NewReader(document))
			if err != nil {
				t.Fatal(err)
			}
			for node := range root.Descendants() {
				if node.Type == html.CommentNode || node.Type == html.ElementNode && !slices.Contains(allowed, node.Data) {
					t.Errorf("%s: <%s> in the document", name, node.Data)
				}
				for _, attribute := range node.Attr {
					value := strings.ToLower(strings.TrimSpace(attribute.Val))
					if strings.HasPrefix(attribute.Key, "on") || slices.Contains([]string{"href", "src"}, attribute.Key) && !strings.HasPrefix(value, "http") && !strings.HasPrefix(value, "mailto:") {
						t.Errorf("%s: %s=%q in the document", name, attribute.Key, attribute.Val)
					}
				}
			}
		}
	})
}

func TestTipsForSMTP(t *testing.T) {
	for _, tc := range []struct{ text, language, want string }{
		{"This message holds card numbers.", "en", "This message holds card numbers."},
		{"Grüße aus Köln – „Straße“ kostet 5 €…", "de", `Gruesse aus Koeln - "Strasse" kostet 5 EUR...`},
		{"Grüße", "en", "Grusse"}, {"Zürich, Ärger", "de-CH", "Zuerich, Aerger"}, {"Un numéro de carte à l’extérieur", "fr", "Un numero de carte a l'exterieur"},
		{"Łódź, smørrebrød, Þór, naïve", "pl", "Lodz, smorrebrod, Thor, naive"}, {"Mac1: ①②, ½", "en", "Mac1: 12, 1/2"}, {"line one\r\n550 line two\x00", "en", "line one 550 line two"},
		{"No 💳 here ✓", "en", "No here"}, {"Κάρτα", "el", "fallback: ue"}, {"カード番号", "ja", "fallback: ue"}, {"💳", "en", "fallback: u"}, {"", "en", "fallback: u"},
		{strings.Repeat("x", 300), "en", strings.Repeat("x", 253) + "..."}, {"Gru\u0308ße", "de", "Gruesse"}, {"\xffbad", "en", "bad"},
	} {
		want := tc.want
		got := SMTPTip(tc.text, tc.language, "fallback: ü")
		if strings.HasPrefix(want, "fallback") {
			want = map[bool]string{true: "fallback: ue", false: "fallback: u"}[tc.language == "de"]
		}
		if got != want {
			t.Errorf("%q in %s: %q, want %q", tc.text, tc.language, got, want)
		}
	}
	if got := SMTPTip("カード", "ja", "番号"); got != "" {
		t.Errorf("no form of either: %q", got)
	}
}

func FuzzSMTPTip(f *testing.F) {
	for _, s := range []string{"plain", "Grüße\r\n", "カード", "\xff\x00", strings.Repeat("ü", 300), "ﬁ½㎏"} {
		f.Add(s, "de")
	}
	f.Fuzz(func(t *testing.T, text, language string) {
		tip := SMTPTip(text, language, "fallback")
		if len(tip) > MaxTip || strings.ContainsFunc(tip, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(tip) != tip || tip == "" {
			t.Errorf("%q", tip)
		}
	})
}

func TestFindingsInWords(t *testing.T) {
	texts := catalogue(t)
	for _, tc := range []struct {
		finding Finding
		en, de  string
	}{
		{Finding{"Credit Card Number", 1, []string{"body"}}, "one card number in the text of the message", "eine Kartennummer in dem Text der Nachricht"},
		{Finding{"International banking account number (IBAN)", 2, []string{"a.docx", "subject"}}, "two IBANs in a.docx and the subject", "zwei IBANs in a.docx und dem Betreff"},
		{Finding{"U.S. social security number (SSN)", 1200, nil}, "1,200 U.S. social security numbers", "1.200 US-Sozialversicherungsnummern"},
		{Finding{"Sweden passport number", 1, []string{"part 1.2"}}, "one passport number (Sweden passport number) in part 1.2 of the message", "eine Reisepassnummer (Sweden passport number) in Teil 1.2 der Nachricht"},
		{Finding{"Our projects", 12, []string{"a", "b", "c", "d", "e", "f"}}, "twelve matches of “Our projects” in a, b, c, d, e and one more part", "zwölf Funde der Art „Our projects“ in a, b, c, d, e und einem weiteren Teil"},
		{Finding{"Contracts", 0, []string{"a.pdf"}}, "information of the kind “Contracts” in a.pdf", "Angaben der Art „Contracts“ in a.pdf"},
	} {
		if got := texts.languages["en"].finding(tc.finding); got != tc.en {
			t.Errorf("%s\n%s", got, tc.en)
		}
		if got := texts.languages["de"].finding(tc.finding); got != tc.de {
			t.Errorf("%s\n%s", got, tc.de)
		}
	}
}

func TestNotificationsToWhomNobodyMayAnswer(t *testing.T) {
	w := writer(t)
	n := sampleNotification(t, "en")
	n.Header = append(n.Header, message.Field{Name: "Auto-Submitted", Value: " auto-replied"})
	if _, err := w.Notification(n); err == nil {
		t.Error("the sender of an automatic message is answered")
	}
	n.Sender, n.To = false, path(t, "boss@example.com")
	if _, err := w.Notification(n); err != nil {
		t.Errorf("the manager is not told: %v", err)
	}
	n.To = path(t, "policy@example.com")
	if _, err := w.Notification(n); err == nil {
		t.Error("our own address is written to")
	}
}

func TestTheOriginalIsAttachedAsItIs(t *testing.T) {
	w := writer(t)
	for name, tc := range map[string]struct{ original, mediaType string }{
		"ASCII":      {"Subject: x\r\n\r\nbody\r\n", "message/rfc822"},
		"8-bit":      {"Subject: x\r\n\r\nbod\xfc\r\n", "application/octet-stream"},
		"long lines": {"Subject: x\r\n\r\n" + strings.Repeat("x", 999) + "\r\n", "application/octet-stream"},
		"bare LF":    {"Subject: x\n\nbody\n", "application/octet-stream"},
		"NUL":        {"Subject: x\r\n\r\n\x00\r\n", "application/octet-stream"},
	} {
		n := sampleNotification(t, "en")
		n.Attached = []byte(tc.original)
		notice, err := w.Notification(n)
		if err != nil {
			t.Fatal(err)
		}
		m := read(t, w, notice)
		attached := m.Root.Children[1]
		if attached.MediaType != tc.mediaType || len(attached.Names) == 0 || attached.Names[0] != "original.eml" {
			t.Errorf("%s: %s %q", name, attached.MediaType, attached.Names)
		}
		content := attached.Raw()
		if tc.mediaType != "message/rfc822" {
			if content, err = attached.Content(); err != nil {
				t.Fatal(err)
			}
		}
		if strings.TrimSuffix(string(content), "\r\n") != strings.TrimSuffix(tc.original, "\r\n") {
			t.Errorf("%s: %q, want %q", name, content, tc.original)
		}
	}
}
