package notice

import (
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/notice/layout"
)

// Lengths in characters of what is shown of a text of others.
const (
	lineLength  = 200
	tipLength   = 4000
	replyLength = 600
)

// line makes one line of at most n characters, without what mail programs act upon:
// controls, and what turns the direction of text round.
func line(text string, n int) string {
	text = strings.Join(strings.Fields(cleanValue(text)), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// paragraphs bounds a text of several lines.
func paragraphs(text string, n int) string {
	text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// number gives a number for people: small ones as words.
func (s *sentences) number(n int) string {
	if words := strings.Fields(s.say("number.words")); n >= 0 && n < len(words) {
		return words[n]
	}
	return s.digits(n)
}

// digits gives a number with its thousands apart.
func (s *sentences) digits(n int) string {
	text, sign := strconv.Itoa(n), ""
	if n < 0 {
		text, sign = text[1:], "-"
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + s.say("number.group") + text[i:]
	}
	return sign + text
}

// size gives a number of octets for people.
func (s *sentences) size(n int64) string {
	form := func(key string, in float64) string {
		text := fmt.Sprintf("%.1f", float64(n)/in)
		return s.say(key, "n", strings.ReplaceAll(text, ".", s.say("number.decimal")))
	}
	switch {
	case n >= 1e6:
		return form("size.megabytes", 1e6)
	case n >= 1e3:
		return form("size.kilobytes", 1e3)
	}
	return s.say("size.bytes", "n", strconv.FormatInt(n, 10))
}

// moment gives a time for people, in the zone of the settings; empty for none.
func (w *Writer) moment(s *sentences, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(w.s.Zone)
	at := func(key string, i int) string {
		if words := strings.Fields(s.say(key)); i < len(words) {
			return words[i]
		}
		return strconv.Itoa(i)
	}
	return s.say("date.form", "weekday", at("date.weekdays", int(t.Weekday())), "day", strconv.Itoa(t.Day()),
		"month", at("date.months", int(t.Month())-1), "year", strconv.Itoa(t.Year()), "time", t.Format("15:04"), "zone", t.Format("MST"))
}

// list joins names, as "a, b and c".
func (s *sentences) list(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return s.say("list.last", "a", strings.Join(names[:n-1], ", "), "b", names[n-1])
	}
}

// people joins at most most addresses, and says how many there are beside them.
func (s *sentences) people(all []string, most int) string {
	if len(all) <= most {
		return s.list(all)
	}
	return s.list(append(append([]string(nil), all[:most]...), s.count("list.more", len(all)-most)))
}

// numbered gives the sentences key.1, key.2 and so on.
func (s *sentences) numbered(key string, values ...string) []string {
	var all []string
	for i := 1; s.has(key + "." + strconv.Itoa(i)); i++ {
		if text := s.say(key+"."+strconv.Itoa(i), values...); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// subjectOf is the subject of a message as it is shown.
func (s *sentences) subjectOf(o *Original) string {
	if text := o.field("Subject"); text != "" {
		return text
	}
	return s.say("subject.none")
}

// dateOf is when a message says it was written.
func (w *Writer) dateOf(s *sentences, o *Original) string {
	text := o.field("Date")
	if t, err := mail.ParseDate(text); err == nil {
		return w.moment(s, t)
	}
	return text
}

// field gives a field of a message in one line; empty when it has none.
func (o *Original) field(name string) string {
	f, ok := o.Header.Get(name)
	if !ok {
		return ""
	}
	return line(f.Text(), lineLength)
}

// about is the end of a notice about a message: what is told of the message, where
// to read more, and whom to ask.
func (w *Writer) about(s *sentences, o *Original, learnMore string, more ...layout.Fact) []layout.Block {
	facts := append([]layout.Fact{
		{Label: s.say("label.subject"), Value: s.subjectOf(o)}, {Label: s.say("label.date"), Value: w.dateOf(s, o)},
	}, more...)
	facts = append(facts, layout.Fact{Label: s.say("label.reference"), Value: line(o.Reference, lineLength)})
	blocks := []layout.Block{layout.Heading(s.say("heading.message")), layout.Facts(facts...)}
	return append(blocks, w.ask(s, line(o.Reference, lineLength), learnMore)...)
}

// ask is the end of a notice: whom to ask, and where to read more.
func (w *Writer) ask(s *sentences, reference, learnMore string) []layout.Block {
	who := s.say("ask.nobody", "organization", w.organization())
	if w.s.Contact != "" {
		who = s.say("ask.contact", "contact", w.s.Contact)
	}
	if reference != "" {
		who += " " + s.say("ask.reference", "reference", reference)
	}
	blocks := []layout.Block{layout.Heading(s.say("heading.ask")), layout.Paragraph(who)}
	if learnMore == "" || checkURL(learnMore) != nil {
		learnMore = w.s.LearnMore
	}
	if learnMore != "" {
		blocks = append(blocks, layout.Link(s.say("label.learnMore"), learnMore))
	}
	return append(blocks, layout.Small(s.say("foot.automatic")))
}

func (w *Writer) organization() string { return line(w.s.Organization, lineLength) }
