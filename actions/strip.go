package actions

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/edit"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/strictyaml"
)

// Limits of stripAttachment.
const (
	stripValues    = 600 // extensions, and words of names
	stripWord      = 128 // characters of a word
	stripTextLimit = 1000
)

// fileNameToken stands for the name of the attachment in the text that replaces it.
const fileNameToken = "%%FileName%%"

// defaultStripText is what stands in the place of an attachment where the rule says
// nothing.
const defaultStripText = "The attachment \"" + fileNameToken + "\" was removed by policy."

// readStrip reads `{extensions: […], names: […], text: …}`.
func readStrip(r *strictyaml.Reader, n *strictyaml.Node, field string, s *spec) {
	e := Edit{Action: strip, Value: defaultStripText}
	var extensions, words []string
	good := hashtable(r, n, field, []spelling{{"extensions"}, {"names"}, {"text"}}, nil, func(key string, k strictyaml.Entry) {
		switch key {
		case "extensions":
			extensions = readStripList(r, k, func(text string) (string, string) {
				return rules.Extension(text), "write it as `exe`"
			})
		case "names":
			words = readStripList(r, k, func(text string) (string, string) {
				if text != strings.TrimSpace(text) || len([]rune(text)) > stripWord || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
					text = ""
				}
				return text, fmt.Sprintf("write a word of at most %d characters, without blanks around it", stripWord)
			})
		case "text":
			if t, ok := r.Text(k.Value, k.Field); ok && stripText(r, k.Value, k.Field, t) {
				e.Value = t
			}
		}
	})
	if r.Probing() || !good || r.Failed() {
		return
	}
	if len(extensions)+len(words) == 0 {
		r.Errorf(n, field, "write `extensions: [exe]` or `names: [payroll]`", "nothing says which attachments are removed")
		return
	}
	sel, err := rules.NewSelection(extensions, words)
	if err != nil {
		r.Errorf(n, field, "write words", "%v", err)
		return
	}
	e.Name = strings.Join(append(extensions, words...), ", ")
	s.selection = sel
	s.edits = append(s.edits, e)
}

// readStripList reads values that check gives back as they count; an empty one is a
// mistake.
func readStripList(r *strictyaml.Reader, k strictyaml.Entry, check func(string) (value, write string)) (list []string) {
	texts, nodes, _ := r.Texts(k.Value, k.Field)
	if len(texts) > stripValues {
		r.Errorf(k.Value, k.Field, fmt.Sprintf("write at most %d", stripValues), "there are %d values", len(texts))
		return nil
	}
	for i, t := range texts {
		v, write := check(t)
		if v == "" {
			r.Errorf(nodes[i], k.Field, write, "%q cannot stand here", t)
		} else if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func stripText(r *strictyaml.Reader, n *strictyaml.Node, field, text string) bool {
	for _, t := range token.FindAllString(text, -1) {
		if !strings.EqualFold(t, fileNameToken) {
			r.Errorf(n, field, "write `"+fileNameToken+"`", "%q stands for nothing", t)
			return false
		}
	}
	switch length := len([]rune(text)); {
	case strings.TrimSpace(text) == "":
		r.Errorf(n, field, "write a text, or leave the key away", "the text is empty")
	case strings.ContainsFunc(text, func(c rune) bool { return (c < ' ' || c == 0x7f) && c != '\n' && c != '\t' }):
		r.Errorf(n, field, "take it away", "the text holds a control character")
	case length > stripTextLimit:
		r.Errorf(n, field, fmt.Sprintf("write at most %d characters", stripTextLimit), "the text has %d characters", length)
	default:
		return true
	}
	return false
}

// placeOf names a part, or a file within the text of one, as [Edit.Parts] does.
func placeOf(p *message.Part, file string) string {
	if file == "" {
		return p.Index
	}
	return p.Index + "=" + url.QueryEscape(file)
}

var errGone = errors.New("an attachment was not found again")

// strip takes out the parts that an edit names.
func (c *edited) strip(draft *edit.Draft, e Edit) error {
	due := strings.Fields(e.Parts)
	if c.gone == nil {
		c.gone = make(map[string]bool)
	}
	met := make(map[string]bool)
	names, err := draft.Strip(func(p *message.Part) bool {
		place := p.Index
		if !slices.Contains(due, place) && len(p.Names) > 0 {
			place = placeOf(p, p.Names[0])
		}
		if !slices.Contains(due, place) {
			return false
		}
		met[place] = true
		return true
	}, e.notice)
	if err != nil {
		return err
	}
	c.stripped = append(c.stripped, names...)
	for _, place := range due {
		if !met[place] && !c.gone[place] {
			return errGone
		}
		c.gone[place] = true
	}
	return nil
}

// notice gives the text in the place of an attachment.
func (e Edit) notice(name string) string {
	return token.ReplaceAllStringFunc(e.Value, func(t string) string {
		if strings.EqualFold(t, fileNameToken) {
			return name
		}
		return t
	})
}
