package rules_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/rules"
)

func TestASessionIsOurs(t *testing.T) {
	trust := rules.Trust{Authenticated: true, Listeners: []string{"SUBMISSION"}, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}}
	for _, c := range []struct {
		name  string
		trust rules.Trust
		env   message.Envelope
		want  bool
	}{
		{"a stranger", trust, message.Envelope{ClientAddr: netip.MustParseAddr("198.51.100.1"), Listener: "MX"}, false},
		{"a login", trust, message.Envelope{Authenticated: "anna"}, true},
		{"a login where logins are not trusted", rules.Trust{}, message.Envelope{Authenticated: "anna"}, false},
		{"a listener", trust, message.Envelope{Listener: "SUBMISSION"}, true},
		{"no listener", rules.Trust{Listeners: []string{""}}, message.Envelope{}, false},
		{"a network", trust, message.Envelope{ClientAddr: netip.MustParseAddr("192.0.2.200")}, true},
		{"a network in IPv6 form", trust, message.Envelope{ClientAddr: netip.MustParseAddr("::ffff:192.0.2.200")}, true},
		{"a network of IPv6", trust, message.Envelope{ClientAddr: netip.MustParseAddr("2001:db8::1%eth0")}, true},
		{"no address", trust, message.Envelope{Simulated: true}, false},
	} {
		if got := c.trust.Ours(&c.env); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWhoMayBeTold(t *testing.T) {
	for _, c := range []struct {
		name   string
		silent []string
		mail   mail
		want   bool
	}{
		{"an inside sender in a session of ours", nil, mail{client: "192.0.2.1"}, true},
		{"a session that is not ours", nil, mail{}, false},
		{"a null reverse-path", nil, mail{client: "192.0.2.1", path: "-", from: "anna@example.com"}, false},
		{"an outside reverse-path", nil, mail{client: "192.0.2.1", path: "x@other.example", from: "anna@example.com"}, false},
		{"a guest", nil, mail{client: "192.0.2.1", path: "guest@example.com"}, false},
		{"the directory does not answer", []string{"x@other.example"}, mail{client: "192.0.2.1", path: "x@other.example"}, false},
	} {
		scan := rules.NewScan(house(t, c.silent...), c.mail.message(t))
		if got := scan.MayBeTold(t.Context()); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAddressMismatch(t *testing.T) {
	for _, c := range []struct {
		name string
		mail mail
		want bool
	}{
		{"all the same", mail{login: "anna"}, false},
		{"two addresses of one person", mail{from: "A.Smith@example.com", login: "anna"}, false},
		{"header and reverse-path", mail{from: "bob@example.com"}, true},
		{"the login", mail{login: "bob"}, true},
		{"a null reverse-path", mail{path: "-", from: "anna@example.com", login: "anna"}, false},
		{"nobody", mail{path: "-"}, false},
	} {
		scan := rules.NewScan(house(t), c.mail.message(t))
		if got := scan.AddressMismatch(t.Context()); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestARecipientIsInsideWhenAllMembersAre(t *testing.T) {
	to := []string{"bob@example.com", "x@other.example", "sales@example.com", "mixed@example.com", "silent@example.com"}
	scan := rules.NewScan(house(t, "silent@example.com"), mail{to: to}.message(t))
	for i, want := range []bool{true, false, true, false} {
		if got, err := scan.RecipientInside(t.Context(), i); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", to[i], got, err, want)
		}
	}
	if _, err := scan.RecipientInside(t.Context(), 4); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("a silent directory: %v, want ErrUnavailable", err)
	}
}

// damagedDocument writes a Word document whose text is damaged.
func damagedDocument(t testing.TB, name string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, member := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"word/document.xml", `<w:document>` + strings.Repeat("<w:p/>", 100) + `</w:document>`},
	} {
		f, err := z.Create(member[0])
		if err == nil {
			_, err = f.Write([]byte(member[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	// The first mention of the member stands before its octets.
	octets := b.Bytes()
	at := bytes.Index(octets, []byte("word/document.xml")) + len("word/document.xml")
	copy(octets[at:], "\xff\xff\xff\xff\xff\xff")
	return "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=" + name + "\r\n\r\n" +
		base64.StdEncoding.EncodeToString(octets)
}

func TestNoticesSayWhatCouldNotBeRead(t *testing.T) {
	m := mail{parts: []string{
		file("a.bin", "\x00\x01\x02\xff"),
		damagedDocument(t, "b.docx"),
		file("c.txt", "readable"),
		file("d.txt", strings.Repeat("much text ", 100)),
	}}.message(t)
	w := house(t)
	w.Extract.Characters = 50
	scan := rules.NewScan(w, m)
	if got := scan.Notices(); len(got) > 0 {
		t.Errorf("before anything is read: %v", got)
	}
	scan.Parts(t.Context())
	var got []string
	for _, n := range scan.Notices() {
		got = append(got, n.Part+" "+string(n.Signal))
		if n.Detail == "" {
			t.Errorf("%s has no detail", n.Part)
		}
	}
	want := []string{"a.bin unsupported", "b.docx unreadable", "d.txt incomplete"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// nested is an attached message with an attachment of its own.
const nested = "Content-Type: message/rfc822\r\n\r\nFrom: x@other.example\r\nSubject: " + card2 + "\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain\r\n\r\ninner text\r\n" +
	"--inner\r\nContent-Type: text/plain; name=deep.txt\r\n\r\ndeep text\r\n--inner--\r\n"

func TestPartsAreThoseOfTheMessageInOrder(t *testing.T) {
	scan := rules.NewScan(house(t), mail{subject: "hello", body: "outer text", parts: []string{file("a.txt", "first"), nested, file("z.txt", "last")}}.message(t))
	var got []string
	for _, p := range scan.Parts(t.Context()) {
		s := p.Name + ": " + strings.TrimSpace(p.Text)
		if p.Attachment {
			s += " (attachment)"
		}
		if p.Status != extract.Complete {
			s += " " + string(p.Status)
		}
		got = append(got, s)
	}
	want := []string{
		"body: outer text",
		"a.txt: first (attachment)",
		"part 1.3: " + card2 + " (attachment)",
		"part 1.3.1.1: inner text (attachment)",
		"deep.txt: deep text (attachment)",
		"z.txt: last (attachment)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDetectionsSayThePart(t *testing.T) {
	m := mail{subject: card1, body: "see " + card2, parts: []string{file("a.txt", "and "+card1), nested}}
	scan := rules.NewScan(house(t), m.message(t))
	var got []string
	for _, d := range scan.Detections(t.Context()) {
		if d.Type.Name != "Credit card number" {
			continue
		}
		for _, f := range d.Matches {
			text := map[string]string{"subject": m.subject, "body": m.body, "a.txt": "and " + card1}[f.Part]
			if text == "" {
				text = card2
			}
			if end := f.Offset + f.Length; end > len(text) || text[f.Offset:end] != f.Value.Reveal() {
				t.Errorf("%s: the offset %d does not lead to the value", f.Part, f.Offset)
			}
			got = append(got, f.Part+" "+f.Value.Reveal())
		}
	}
	want := []string{"subject 4111 1111 1111 1111", "body 5500 0000 0000 0004", "a.txt 4111 1111 1111 1111", "part 1.3 5500 0000 0000 0004"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDetectionsOfAMessageOfASubject(t *testing.T) {
	m := "Subject: " + card1 + "\r\nContent-Type: application/octet-stream; name=a.bin\r\n\r\n\x00\x01"
	msg, err := message.Read(message.Envelope{}, strings.NewReader(m), nil, message.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer msg.Close()
	got := rules.NewScan(house(t), msg).Detections(t.Context())
	if len(got) != 1 || got[0].Matches[0].Part != "subject" {
		t.Errorf("%v", got)
	}
}

// A mail reader shows one of the alternatives, so the evidence counts once.
func TestAlternativesCountOnce(t *testing.T) {
	both := "Content-Type: multipart/alternative; boundary=two\r\n\r\n--two\r\nContent-Type: text/plain\r\n\r\n" + card1 +
		"\r\n--two\r\nContent-Type: text/html\r\n\r\n<p>" + card1 + "</p>\r\n--two--\r\n"
	got := judge(t, load(t, policy("{"+sensitive("{type: Credit card number}")+"}", "")), house(t), mail{parts: []string{both}})
	if len(got.Evidence) != 1 || got.Evidence[0].Count != 1 || got.Evidence[0].UniqueCount != 1 {
		t.Errorf("evidence %+v, want one", got.Evidence)
	}
}

func TestTheTimeForReadingIsBounded(t *testing.T) {
	w := house(t)
	w.ExtractTime = time.Nanosecond
	scan := rules.NewScan(w, mail{parts: []string{file("a.txt", "text"), file("b.txt", "text")}}.message(t))
	scan.Parts(t.Context())
	notices := scan.Notices()
	if len(notices) == 0 {
		t.Fatal("no notice says that parts were not read")
	}
	for _, n := range notices {
		if n.Signal != message.SignalIncomplete {
			t.Errorf("%s: %s, want %s", n.Part, n.Signal, message.SignalIncomplete)
		}
	}
}

func TestNothingIsReadAfterTheDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	scan := rules.NewScan(house(t), mail{body: "text"}.message(t))
	for _, p := range scan.Parts(ctx) {
		if p.Status != extract.Truncated {
			t.Errorf("%s: %s, want truncated", p.Name, p.Status)
		}
	}
}

// Without memory and disk a message cannot be judged, and the scan says so.
func TestTheScanSaysWhenMemoryIsUsedUp(t *testing.T) {
	text := "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("dGV4dHRl", 10_000)
	for _, c := range []struct {
		name   string
		budget int64
		fails  bool
	}{
		{"room for the decoded content", 1 << 20, false},
		{"room for the message as received only", 100_000, true},
	} {
		msg, err := message.Read(message.Envelope{}, strings.NewReader(text), message.NewBudget(c.budget, "/nonexistent"), message.DefaultLimits)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		defer msg.Close()
		scan := rules.NewScan(house(t), msg)
		scan.Parts(t.Context())
		if err := scan.Err(); (err != nil) != c.fails {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

// What the message noticed as encrypted is protected, not unknown; a file that
// only has its name is not.
func TestEncryptedMailIsProtected(t *testing.T) {
	m := mail{parts: []string{
		"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\n\x30\x80\x06\x09\xff\x00",
		"Content-Type: application/octet-stream; name=smime.p7m\r\n\r\n\x30\x80\x06\x09\xff\x00",
	}}
	scan := rules.NewScan(house(t), m.message(t))
	var got []string
	for _, p := range scan.Parts(t.Context()) {
		got = append(got, p.Name+" "+string(p.Status))
	}
	for _, n := range scan.Notices() {
		got = append(got, n.Part+" "+string(n.Signal))
	}
	want := []string{"body complete", "smime.p7m protected", "smime.p7m unsupported", "smime.p7m encrypted", "smime.p7m unsupported"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A scan may be judged by one set after another, as when a changed policy is
// compared with the old one.
func TestAnotherSetMayAskForOtherTypes(t *testing.T) {
	scan := rules.NewScan(house(t), mail{body: card1}.message(t))
	for _, c := range []struct {
		typ  string
		want rules.Result
	}{{"SWIFT code", rules.NotMatched}, {"Credit card number", rules.Matched}, {"SWIFT code", rules.NotMatched}, {"Credit card number", rules.Matched}} {
		set := load(t, policy("{"+sensitive("{type: "+c.typ+"}")+"}", ""))
		if got := set.Evaluate(t.Context(), scan).Rules[0].Result; got != c.want {
			t.Errorf("%s: %s, want %s", c.typ, got, c.want)
		}
	}
}

// Offsets lead to the number in the text as it was read, whatever hides it there.
func TestInvisibleCharactersDoNotMoveOffsets(t *testing.T) {
	scan := rules.NewScan(house(t), mail{body: "\u200bcredit card, visa: 4111\u200b1111\u200b1111\u200b1111 and " + card2 + "\u200b"}.message(t))
	body := []rune(scan.Parts(t.Context())[0].Text)
	var got []string
	for _, d := range scan.Detections(t.Context()) {
		if d.Type.Name == "Credit card number" {
			for _, m := range d.Matches {
				got = append(got, strings.ReplaceAll(string(body[m.Offset:m.Offset+m.Length]), "\u200b", ""))
			}
		}
	}
	if diff := cmp.Diff([]string{"4111111111111111", "5500 0000 0000 0004"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
