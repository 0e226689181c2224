package actions

import (
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/postern-mail/postern/directory"
	"github.com/postern-mail/postern/strictyaml"
)

// disclaimerLength is Exchange's limit for the text of a disclaimer, tags included,
// in characters. tokenLength bounds what stands in the place of a token.
const (
	disclaimerLength = 5000
	tokenLength      = 1000
)

// The values of location and fallback.
const (
	disclaimAppend  = "append"
	disclaimPrepend = "prepend"
	fallbackWrap    = "wrap"
	fallbackIgnore  = "ignore"
	fallbackReject  = "reject"
)

// disclaimerKeys are those of applyHtmlDisclaimer.
var disclaimerKeys = []spelling{{"text"}, {"location"}, {"fallback", "fallbackAction"}}

// readDisclaimer reads a text, or `{text: …, location: append, fallback: wrap}`, or
// Purview's hashtable with FallbackAction.
func readDisclaimer(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	e := Edit{Action: disclaim, Name: disclaimAppend, Fallback: fallbackWrap}
	text := func(n *strictyaml.Node, field string) {
		if t, ok := r.Text(n, field); ok && disclaimerText(r, n, field, t) {
			e.Value = t
		}
	}
	if len(n.Content) == 0 {
		text(n, field)
	}
	if len(n.Content) > 0 || r.Probing() {
		hashtable(r, n, field, disclaimerKeys, map[string]string{"text": "write the text that is added"}, func(key string, k strictyaml.Entry) {
			switch key {
			case "text":
				text(k.Value, k.Field)
			case "location":
				e.Name, _ = r.OneOf(k.Value, k.Field, disclaimAppend, disclaimPrepend)
			case "fallback":
				e.Fallback, _ = r.OneOf(k.Value, k.Field, fallbackWrap, fallbackIgnore, fallbackReject)
			}
		})
	}
	s.edits = append(s.edits, e)
}

// disclaimerText checks a text: that there is one, its length, and its tokens.
func disclaimerText(r *strictyaml.Reader, n *strictyaml.Node, field, text string) bool {
	switch length := len([]rune(text)); {
	case strings.TrimSpace(text) == "":
		r.Errorf(n, field, "write a text", "the text is empty")
	case strings.ContainsFunc(text, func(c rune) bool { return (c < ' ' || c == 0x7f) && c != '\n' && c != '\t' && c != '\r' }):
		r.Errorf(n, field, "take it away", "the text holds a control character")
	case length > disclaimerLength:
		r.Errorf(n, field, fmt.Sprintf("write at most %d characters", disclaimerLength), "the text has %d characters, tags included", length)
	default:
		return tokensKnown(r, n, field, text)
	}
	return false
}

// token is an attribute of the sender in a text, as %%DisplayName%%.
var token = regexp.MustCompile(`%%([A-Za-z][A-Za-z0-9 ]{0,40})%%`)

func tokensKnown(r *strictyaml.Reader, n *strictyaml.Node, field, text string) bool {
	good := true
	for _, t := range token.FindAllStringSubmatch(text, -1) {
		if _, known := directory.AttributeName(t[1]); known {
			continue
		}
		write := "write an attribute of a person, as in `%%DisplayName%%`"
		if c := directory.ClosestAttribute(t[1]); c != "" {
			write = "did you mean `%%" + c + "%%`?"
		}
		r.Errorf(n, field, write, "%q is no attribute of a person", t[0])
		good = false
	}
	return good
}

// expand puts the attributes of a person into a text of HTML. Those that the person
// does not have are empty, as all are of nobody.
func expand(text string, p *directory.Person) string {
	return token.ReplaceAllStringFunc(text, func(t string) string {
		if p == nil {
			return ""
		}
		name, _ := directory.AttributeName(strings.Trim(t, "%"))
		value := strings.Join(p.Attributes[name], ", ")
		value = strings.Map(func(c rune) rune {
			switch {
			case c == '\n' || c == '\t':
				return ' '
			case c < ' ' || c == 0x7f:
				return -1
			}
			return c
		}, strings.ToValidUTF8(value, "\ufffd"))
		if long := []rune(value); len(long) > tokenLength {
			value = string(long[:tokenLength])
		}
		return html.EscapeString(value)
	})
}
