package rules

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/postern-mail/postern/classify"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/strictyaml"
)

// labelField is the header field that mail programs write the label of a message
// to.
const labelField = "msip_labels"

func labelled(list []extract.Label) bool {
	return slices.ContainsFunc(list, func(l extract.Label) bool { return l.Enabled })
}

// headerLabelled tells whether a header section carries a label.
func headerLabelled(h message.Header) bool {
	return slices.ContainsFunc(h.Texts(labelField), func(text string) bool { return labelled(extract.LabelsOfField(text)) })
}

// attachmentsUnlabelled gives how many attachments there are and how many of them
// have no label, neither of their own nor on a document within. One that could not
// be read may have one.
func (s *Scan) attachmentsUnlabelled(ctx context.Context) (all, without int) {
	bodies := make(map[*message.Part]bool)
	for _, c := range s.attachments() {
		if c.part.IsEmbedded() {
			embeddedBodies(c.part, bodies)
		}
		if bodies[c.part] {
			continue // the label of the embedded message is that of its text
		}
		doc := s.document(ctx, c)
		all++
		if !unlabelled(doc) {
			continue
		}
		if c.part.IsEmbedded() && len(c.part.Children) > 0 && headerLabelled(c.part.Children[0].Header) {
			continue
		}
		without++
	}
	return all, without
}

// embeddedBodies finds the texts that a mail reader shows as an embedded message.
func embeddedBodies(p *message.Part, bodies map[*message.Part]bool) {
	for _, c := range p.Children {
		if strings.HasPrefix(c.MediaType, "text/") && len(c.Names) == 0 && c.Disposition != "attachment" {
			bodies[c] = true
		}
		if !c.IsEmbedded() {
			embeddedBodies(c, bodies)
		}
	}
}

func unlabelled(doc *extract.Document) bool {
	for _, d := range doc.All() {
		if labelled(d.Labels) {
			return false
		}
		switch d.Status {
		case extract.Protected, extract.Corrupt, extract.Truncated:
			return false
		}
	}
	return true
}

func parseMessageNotLabelled(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		if slices.ContainsFunc(s.Message.Headers(), headerLabelled) {
			return false, "the message has a label"
		}
		return true, "the message has no label"
	}), ok
}

func parseAttachmentNotLabelled(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		switch all, without := s.attachmentsUnlabelled(ctx); {
		case all == 0:
			return false, "there is no attachment"
		case without == 0:
			return false, "all attachments have a label or could not be read"
		}
		return true, "an attachment has no label"
	}), ok
}

func parseContentNotLabelled(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		if slices.ContainsFunc(s.Message.Headers(), headerLabelled) {
			return false, "the message has a label"
		}
		if all, without := s.attachmentsUnlabelled(ctx); without < all {
			return false, "an attachment has a label or could not be read"
		}
		return true, "neither the message nor an attachment has a label"
	}), ok
}

// propertyTest is the name of a document property with what is looked for in its
// value.
type propertyTest struct {
	name string // as in propertyKey
	show string
	find matcher
}

// propertyKey is the name of a property as it is compared: Office shows some in
// other words than it stores them in.
func propertyKey(name string) string {
	key := strings.ToLower(strings.Join(strings.Fields(name), ""))
	switch key {
	case "lastmodifiedby", "lastsavedby":
		return "lastauthor"
	case "creator":
		return "author"
	case "tags":
		return "keywords"
	}
	return key
}

// maxProperty bounds the name of a property in a policy, in characters.
const maxProperty = 255

// parseProperty reads Purview's list of texts "Property:Value1,Value2", or a
// mapping of names to lists of values.
func parseProperty(r *reader, n *strictyaml.Node, field string) (check, bool) {
	var tests []propertyTest
	ok := true
	add := func(at *strictyaml.Node, f, name string, words *classify.Words) {
		if name == "" || runes(name) > maxProperty {
			r.Errorf(at, f, "write a name as `Department`", "%q is not the name of a property", name)
			ok = false
			return
		}
		tests = append(tests, propertyTest{propertyKey(name), name, either(func(text string) (string, bool) {
			w, found := words.Find(text)
			return quote(w), found
		})})
	}
	if n.Kind == mapping {
		m := r.Mapping(n, field)
		if len(n.Content) == 0 {
			r.Errorf(n, field, "write `Name: [value]`", "no property is named")
			return check{}, false
		}
		ok = len(m.Entries()) == len(n.Content)/2
		for _, e := range m.Entries() {
			words, good := r.words(e.Value, e.Field)
			ok = ok && good
			add(e.At, e.Field, strings.TrimSpace(e.Key), words)
		}
	} else {
		list, nodes, good := r.Texts(n, field)
		ok = good
		for i, s := range list {
			f := entryField(n, field, nodes[i])
			name, values, pair := strings.Cut(s, ":")
			if !pair || strings.Trim(values, " ,") == "" {
				r.Errorf(nodes[i], f, "write it as `Department:Sales,Finance`, or a mapping as in `{Department: [Sales, Finance]}`", "%q does not name a property and a value", s)
				ok = false
				continue
			}
			words, good := r.propertyWords(nodes[i], f, values)
			ok = ok && good
			add(nodes[i], f, strings.TrimSpace(name), words)
		}
	}
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for c := range s.documents(ctx) {
			for _, name := range slices.Sorted(maps.Keys(c.doc.Properties)) {
				value := c.doc.Properties[name]
				for _, t := range tests {
					if propertyKey(name) != t.name {
						continue
					}
					if what, found := t.find(value); found {
						return true, "the property " + t.show + " of " + s.what(c) + " contains " + what
					}
				}
			}
		}
		return false, "nothing is found in the properties named"
	}), ok
}

// propertyWords reads values parted by commas.
func (r *reader) propertyWords(at *strictyaml.Node, field, values string) (*classify.Words, bool) {
	list := *at
	list.Kind, list.Tag, list.Value, list.Style, list.Content = sequence, "!!seq", "", 0, nil
	for v := range strings.SplitSeq(values, ",") {
		if v = strings.TrimSpace(v); v != "" {
			one := *at
			one.Value = v
			list.Content = append(list.Content, &one)
		}
	}
	return r.words(&list, field)
}
