package notice

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Lengths in characters that texts of an administrator may have.
const (
	// MaxNotificationText is that of the text of a user notification.
	MaxNotificationText = 5000
	// MaxRecipientText is that of a text to recipients.
	MaxRecipientText = 5120
	// MaxSubject is that of a subject.
	MaxSubject = 200
)

// token is where a text of an administrator takes a value. Names have no case.
var token = regexp.MustCompile(`%%[A-Za-z]+%%`)

// elements are those that text of an administrator may have, with the attributes
// of their own.
var elements = map[string]string{
	"a": "href target rel", "abbr": "", "address": "", "b": "", "big": "", "blockquote": "", "br": "", "caption": "", "center": "", "cite": "", "code": "",
	"col": "span width", "colgroup": "span width", "dd": "", "del": "", "div": "align", "dl": "", "dt": "", "em": "", "font": "color face size",
	"h1": "align", "h2": "align", "h3": "align", "h4": "align", "h5": "align", "h6": "align", "hr": "width size noshade",
	"i": "", "img": "src alt width height border", "ins": "", "kbd": "", "li": "value", "mark": "", "ol": "start type", "p": "align", "pre": "", "q": "",
	"s": "", "samp": "", "small": "", "span": "", "strike": "", "strong": "", "sub": "", "sup": "",
	"table": "border cellpadding cellspacing width align bgcolor summary", "tbody": "", "td": "colspan rowspan width height align valign bgcolor nowrap",
	"tfoot": "", "th": "colspan rowspan width height align valign bgcolor nowrap scope", "thead": "", "tr": "align valign bgcolor", "tt": "", "u": "", "ul": "type", "var": "",
}

// everywhere are the attributes that every element may have.
var everywhere = []string{"style", "class", "title", "lang", "dir"}

// frames stand around a document that somebody pasted whole: only what is in them
// is taken.
var frames = []string{"html", "body", "head"}

// dropped are elements whose content is none to be read. All other elements that
// are not known lose their tags and keep what is in them.
var dropped = []string{
	"script", "style", "title", "textarea", "iframe", "noscript", "noembed", "noframes", "xmp", "plaintext", "template", "object", "applet", "svg", "math", "select",
}

// void are elements without an end.
var void = []string{"br", "hr", "img", "col"}

// markup is text of an administrator on its way into a page.
type markup struct {
	b      strings.Builder
	values map[string]string // by token name in lower case
	open   []string
	// left is what was left out, in the order found.
	left []string
}

// safeHTML gives HTML of an administrator with values in the place of its tokens.
// What is harmless stays as it is written; scripts, forms, foreign content and
// addresses other than of the web and of mail are left out, and left names them.
// Elements are closed where they are not. No value becomes markup: in text it is
// escaped, in an attribute the tag is written anew with its values quoted, in an
// address it is percent-encoded.
func safeHTML(source string, values map[string]string) (safe string, left []string) {
	m := markup{values: make(map[string]string, len(values))}
	for name, v := range values {
		m.values[strings.ToLower(name)] = v
	}
	source = strings.ReplaceAll(strings.ToValidUTF8(source, "\ufffd"), "\x00", "")
	z := html.NewTokenizer(strings.NewReader(source))
	within, depth := "", 0 // the dropped element that is open, and how often
	for {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == html.ErrorToken {
			break
		}
		t := z.Token()
		if within != "" {
			if t.Data == within && kind == html.StartTagToken {
				depth++
			}
			if t.Data == within && kind == html.EndTagToken {
				if depth--; depth == 0 {
					within = ""
				}
			}
			continue
		}
		switch kind {
		case html.TextToken:
			// A "<" that opens no tag might open one together with a value behind it.
			m.b.WriteString(m.fill(strings.ReplaceAll(raw, "<", "&lt;"), textValue))
		case html.StartTagToken, html.SelfClosingTagToken:
			if slices.Contains(dropped, t.Data) {
				m.left = append(m.left, "<"+t.Data+">")
				if kind == html.StartTagToken {
					within, depth = t.Data, 1
				}
				continue
			}
			m.start(t, raw)
		case html.EndTagToken:
			m.end(t.Data)
		case html.CommentToken, html.DoctypeToken, html.ErrorToken:
		}
	}
	for len(m.open) > 0 {
		m.end(m.open[len(m.open)-1])
	}
	return m.b.String(), m.left
}

// start writes a tag, as it was written unless something of it is left out or
// holds a value.
func (m *markup) start(t html.Token, raw string) {
	own, ok := elements[t.Data]
	if !ok {
		if !slices.Contains(frames, t.Data) {
			m.left = append(m.left, "<"+t.Data+">")
		}
		return
	}
	changed := false
	kept := t.Attr[:0:0]
	for _, a := range t.Attr {
		value, ok := m.attribute(t.Data, a.Key, a.Val)
		if !ok || !slices.Contains(everywhere, a.Key) && !slices.Contains(strings.Fields(own), a.Key) {
			m.left = append(m.left, a.Key+" of <"+t.Data+">")
			changed = true
			continue
		}
		changed = changed || value != a.Val
		kept = append(kept, html.Attribute{Key: a.Key, Val: value})
	}
	if changed {
		t.Attr = kept
		raw = t.String()
	}
	m.b.WriteString(raw)
	if !slices.Contains(void, t.Data) {
		m.open = append(m.open, t.Data)
	}
}

// attribute gives the value of an attribute with its tokens replaced.
func (m *markup) attribute(element, key, value string) (string, bool) {
	tokens := token.MatchString(value)
	switch key {
	case "style", "class":
		lower := strings.ToLower(value)
		for _, active := range []string{"url(", "expression(", "@import", "\\", "/*", "javascript:", "behavior", "-moz-binding", "position"} {
			if strings.Contains(lower, active) {
				return "", false
			}
		}
		return value, !tokens
	case "href", "src":
		address := strings.TrimSpace(value)
		if token.FindString(address) == address && address != "" {
			address = m.fill(address, plainValue)
		} else {
			address = m.fill(address, urlValue)
		}
		if !tokens {
			address = value
		}
		if element == "img" {
			return address, checkURL(strings.TrimSpace(address)) == nil && strings.TrimSpace(address) != ""
		}
		return address, webOrMail(strings.TrimSpace(address))
	}
	return m.fill(value, plainValue), true
}

// webOrMail tells whether an address is one of the web or of mail.
func webOrMail(address string) bool {
	if rest, ok := strings.CutPrefix(strings.ToLower(address), "mailto:"); ok {
		return rest != "" && !strings.ContainsAny(rest, " \t\r\n")
	}
	return address != "" && checkURL(address) == nil
}

// end closes an element and those opened within it; without one open it says
// nothing, so that no text leaves the place it stands in.
func (m *markup) end(name string) {
	i := len(m.open) - 1
	for i >= 0 && m.open[i] != name {
		i--
	}
	for j := len(m.open) - 1; i >= 0 && j >= i; j-- {
		m.b.WriteString("</" + m.open[j] + ">")
		m.open = m.open[:j]
	}
}

// fill replaces tokens; one without a value stays.
func (m *markup) fill(text string, as func(string) string) string {
	return fillTokens(text, m.values, as)
}

// fillTokens replaces tokens by values, none of them read again. Names are in
// lower case.
func fillTokens(text string, values map[string]string, as func(string) string) string {
	return token.ReplaceAllStringFunc(text, func(t string) string {
		value, ok := values[strings.ToLower(t[2:len(t)-2])]
		if !ok {
			return t
		}
		return as(cleanValue(value))
	})
}

// cleanValue drops from a value what mail programs act upon.
func cleanValue(value string) string {
	value = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(strings.ToValidUTF8(value, "\ufffd"))
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, value)
}

func plainValue(value string) string { return strings.ReplaceAll(value, "\n", " ") }

func textValue(value string) string {
	return strings.ReplaceAll(html.EscapeString(value), "\n", "<br>\n")
}

// urlValue percent-encodes all but the unreserved characters (RFC 3986, section
// 2.3).
func urlValue(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// CheckNotificationText tells what is wrong with the text of a user notification:
// that it is longer than [MaxNotificationText], has a token that there is none of,
// or markup that would be left out.
func CheckNotificationText(text string) error {
	return checkText(text, MaxNotificationText, NotificationTokens)
}

// CheckRecipientText tells what is wrong with a text to recipients, as
// [CheckNotificationText]; it may have [MaxRecipientText] characters.
func CheckRecipientText(text string) error {
	return checkText(text, MaxRecipientText, RecipientTokens)
}

// CheckSubject tells what is wrong with the subject of a user notification, which
// may have [MaxSubject] characters and the tokens of the text.
func CheckSubject(text string) error {
	switch {
	case strings.ContainsAny(text, "\r\n"):
		return fmt.Errorf("a subject has one line")
	case utf8.RuneCountInString(text) > MaxSubject:
		return fmt.Errorf("it has %d characters, at most %d are possible", utf8.RuneCountInString(text), MaxSubject)
	}
	return checkTokens(text, NotificationTokens)
}

func checkText(text string, most int, tokens []string) error {
	if n := utf8.RuneCountInString(text); n > most {
		return fmt.Errorf("it has %d characters, at most %d are possible", n, most)
	}
	if err := checkTokens(text, tokens); err != nil {
		return err
	}
	values := make(map[string]string)
	for _, name := range tokens {
		values[name] = "https://example.com/" // may stand wherever a token may
	}
	if _, left := safeHTML(text, values); len(left) > 0 {
		return fmt.Errorf("%s cannot stand in mail and would be left out", left[0])
	}
	return nil
}

func checkTokens(text string, tokens []string) error {
	for _, t := range token.FindAllString(text, -1) {
		if !slices.ContainsFunc(tokens, func(known string) bool { return strings.EqualFold(known, t[2:len(t)-2]) }) {
			return fmt.Errorf("there is no token %s; there are: %%%%%s%%%%", t, strings.Join(tokens, "%%, %%"))
		}
	}
	return nil
}
