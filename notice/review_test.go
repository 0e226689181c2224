package notice

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/message"
)

func held(t testing.TB, item string, expires time.Duration) Held {
	h := Held{
		Item: item, Reference: "P-" + strings.ToUpper(item), Sender: path(t, "ann@example.com"),
		Recipients: []message.Path{path(t, "bob@partner.example")}, Policy: "Cards leaving", Rule: "Ten or more",
		Reason: "quarantine by rule", Size: 12_345, Since: today.Add(-48 * time.Hour),
	}
	if expires != 0 {
		h.Expires = today.Add(expires)
	}
	return h
}

// text gives the parts of a mail to reviewers.
func text(t testing.TB, w *Writer, n Notice) (subject, plain, html string) {
	t.Helper()
	m := read(t, w, n)
	if f, _ := m.Header.Get("Auto-Submitted"); f.Text() != "auto-generated" {
		t.Errorf("Auto-Submitted: %q", f.Text())
	}
	for p := range m.Leaves() {
		data, err := p.Content()
		if err != nil {
			t.Fatal(err)
		}
		switch s := strings.ReplaceAll(string(data), "\r\n", "\n"); p.MediaType {
		case "text/plain":
			plain += s
		case "text/html":
			html += s
		}
	}
	return m.Subject(), plain, html
}

func TestDigestListsWhatExpiresSoonFirst(t *testing.T) {
	w := writer(t)
	many := held(t, "c", 30*24*time.Hour)
	for i := range 9 {
		many.Recipients = append(many.Recipients, path(t, fmt.Sprintf("u%d@x.example", i)))
	}
	n, err := w.Digest(Digest{To: path(t, "rev@example.com"), Items: []Held{
		held(t, "d", 0), many, held(t, "b", 71*time.Hour), held(t, "a", time.Hour),
	}})
	if err != nil {
		t.Fatal(err)
	}
	subject, plain, html := text(t, w, n)
	if subject != "4 held, 2 expiring soon" {
		t.Error(subject)
	}
	golden(t, "digest-long.en.txt", plain)
	places := []int{strings.Index(html, "P-A"), strings.Index(html, "P-B"), strings.Index(html, "Other held"), strings.Index(html, "P-C"), strings.Index(html, "P-D")}
	for i, at := range places {
		if at < 0 || i > 0 && at < places[i-1] {
			t.Errorf("places %v in\n%s", places, html)
			break
		}
	}
}

func TestDigestIsBoundedAndEscaped(t *testing.T) {
	w := writer(t)
	var items []Held
	for i := range 250 {
		h := held(t, fmt.Sprintf("i%03d", i), time.Hour)
		h.Reason = "<script>alert(1)</script>\r\nBcc: x"
		items = append(items, h)
	}
	n, err := w.Digest(Digest{To: path(t, "rev@example.com"), Items: items})
	if err != nil {
		t.Fatal(err)
	}
	subject, plain, html := text(t, w, n)
	if subject != "250 held, 250 expiring soon" || !strings.Contains(plain, "50 more held messages are not listed") || strings.Contains(html, "i200") {
		t.Errorf("%s\n%.500s", subject, plain)
	}
	if strings.Contains(html, "<script") || strings.Contains(plain, "\nBcc") {
		t.Error("text of others is markup, or a line of its own")
	}
}

func TestHeldNoticeGoesToReviewersOnce(t *testing.T) {
	w := writer(t)
	to := []message.Path{path(t, "rev@example.com"), path(t, "REV@example.com"), path(t, "second@example.com"), {}, path(t, "policy@example.com")}
	h := held(t, "a", time.Hour)
	h.Sender = message.Path{}
	n, err := w.HeldNotice(to, h)
	if err != nil {
		t.Fatal(err)
	}
	subject, plain, _ := text(t, w, n)
	if len(n.To) != 2 || subject != "Held: P-A" || n.Reference != "P-A" {
		t.Errorf("%v %s", n.To, subject)
	}
	for _, s := range []string{"Item:      a\nFrom:      <>\n", "postern quarantine show a\n"} {
		if !strings.Contains(plain, s) {
			t.Errorf("there is no %q in\n%s", s, plain)
		}
	}
}

func TestNobodyToTell(t *testing.T) {
	w := writer(t)
	_, noItems := w.Digest(Digest{To: path(t, "rev@example.com")})
	_, noReviewer := w.Digest(Digest{Items: []Held{held(t, "a", time.Hour)}})
	_, noReviewers := w.HeldNotice(nil, held(t, "a", time.Hour))
	for _, err := range []error{noItems, noReviewer, noReviewers} {
		var not *NotSent
		if !errors.As(err, &not) || not.Reason != ReasonNobody {
			t.Error(err)
		}
	}
}
