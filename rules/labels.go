package rules

import (
	"context"
	"strings"

	"github.com/postern-mail/postern/strictyaml"
)

// labelTest asks for a sensitivity label, by its id or by its name.
type labelTest struct {
	written  string
	id, name string // in small letters; empty when not asked
}

// labelPrefix is how the properties begin by which Microsoft's Information
// Protection labels a document (MSIP_Label_<GUID>_Enabled and _Name), and the
// pairs of the header field msip_labels.
const labelPrefix = "msip_label_"

// judge tells whether the message or an attachment has the label, and which part.
func (l *labelTest) judge(ctx context.Context, s *Scan) (part string, found bool) {
	if s.component == 0 || s.component == bodyComponent {
		for _, text := range s.Message.Header.Texts("msip_labels") {
			properties := map[string]string{}
			for pair := range strings.SplitSeq(text, ";") {
				if key, value, ok := strings.Cut(pair, "="); ok {
					properties[strings.TrimSpace(key)] = strings.TrimSpace(value)
				}
			}
			if l.on(properties) {
				return "the message", true
			}
		}
	}
	for _, c := range s.inComponent() {
		if c.part != nil && l.on(s.document(ctx, c).Properties) {
			return c.name, true
		}
	}
	return "", false
}

// on tells whether properties hold the label and do not say that it is off.
func (l *labelTest) on(properties map[string]string) bool {
	type label struct{ enabled, name string }
	labels := map[string]label{}
	for key, value := range properties {
		key = strings.ToLower(key)
		rest, ok := strings.CutPrefix(key, labelPrefix)
		if !ok {
			continue
		}
		id, what, _ := strings.Cut(rest, "_")
		x := labels[id]
		switch what {
		case "enabled":
			x.enabled = value
		case "name":
			x.name = value
		}
		labels[id] = x
	}
	for id, x := range labels {
		if strings.EqualFold(x.enabled, "false") {
			continue
		}
		if l.id != "" && l.id == id || l.id == "" && (strings.EqualFold(l.name, x.name) || l.name == id) {
			return true
		}
	}
	return false
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
