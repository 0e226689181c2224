package rules

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/strictyaml"
)

// labelTest asks for a sensitivity label, by its id or by its name.
type labelTest struct {
	written  string
	id, name string // in small letters; empty when not asked
}

// judge tells whether the message or an attachment, or a file within one, has the
// label, and which part.
func (l *labelTest) judge(ctx context.Context, s *Scan) (part string, found bool) {
	if s.component == 0 || s.component == bodyComponent {
		for _, h := range s.Message.Headers() {
			for _, text := range h.Texts(labelField) {
				if slices.ContainsFunc(extract.LabelsOfField(text), l.is) {
					return "the message", true
				}
			}
		}
	}
	for _, c := range s.inComponent() {
		if c.part == nil {
			continue
		}
		for _, d := range s.document(ctx, c).All() {
			if slices.ContainsFunc(d.Labels, l.is) {
				return c.name, true
			}
		}
	}
	return "", false
}

// is tells whether a label that is on is the one asked for.
func (l *labelTest) is(have extract.Label) bool {
	switch {
	case !have.Enabled:
		return false
	case l.id != "":
		return l.id == have.ID
	}
	return strings.EqualFold(l.name, have.Name) || l.name == have.ID
}

// readLabels reads the labels of a group.
func (r *reader) readLabels(e strictyaml.Entry) (tests []labelTest) {
	for _, item := range r.List(e.Value, e.Field) {
		f := entryField(e.Value, e.Field, item)
		if item.Kind == scalar {
			if name, ok := r.Text(item, f); ok && name != "" {
				tests = append(tests, labelTest{written: name, name: strings.ToLower(name)})
			}
			continue
		}
		v := r.anyCase(item, f, "name", "id", "type")
		if t, ok := v["type"]; ok && !strings.EqualFold(t.Value.Value, "sensitivity") {
			if strings.HasPrefix(strings.ToLower(t.Value.Value), "retention") {
				r.Errorf(t.Value, t.Field, "write `type: Sensitivity` and a sensitivity label, or take it away",
					"a retention label cannot be asked for: it is set on items in a mailbox or a site after delivery, and mail on its way has none")
			} else {
				r.Errorf(t.Value, t.Field, "write `type: Sensitivity`", "%q is no kind of label", t.Value.Value)
			}
			continue
		}
		var l labelTest
		if n, ok := v["name"]; ok {
			l.written, _ = r.Text(n.Value, n.Field)
			l.name = strings.ToLower(l.written)
		}
		if id, ok := v["id"]; ok {
			text, _ := r.Text(id.Value, id.Field)
			l.id = strings.ToLower(strings.Trim(text, "{}"))
			if l.written == "" {
				l.written = text
			}
		}
		if l.name == "" && l.id == "" {
			r.Errorf(item, f, "write `{name: Label, type: Sensitivity}`", "the label has neither a name nor an id")
			continue
		}
		tests = append(tests, l)
	}
	return tests
}
