package rules

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// importances gives what the values of a field say of the importance, by the first
// word in small letters. Fields come in the order in which mail programs heed them.
var importances = []struct {
	field string
	says  map[string]string
}{
	{"Importance", map[string]string{"high": "high", "normal": "normal", "low": "low"}}, // RFC 2156, section 5.3.4
	{"X-Priority", map[string]string{"1": "high", "2": "high", "3": "normal", "4": "low", "5": "low",
		"highest": "high", "high": "high", "normal": "normal", "low": "low", "lowest": "low"}},
	{"X-MSMail-Priority", map[string]string{"high": "high", "normal": "normal", "low": "low"}},
	{"Priority", map[string]string{"urgent": "high", "normal": "normal", "non-urgent": "low"}}, // RFC 2156, section 5.3.6
}

// importance is that of a header section: what the first field says that says
// something, and "normal" when none does.
func importance(h message.Header) (level, field string) {
	for _, i := range importances {
		for _, text := range h.Texts(i.field) {
			words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return c == ' ' || c == '(' || c == ')' || c == ';' || c == '\t' })
			if len(words) > 0 && i.says[words[0]] != "" {
				return i.says[words[0]], i.field
			}
		}
	}
	return "normal", ""
}

func parseImportance(r *reader, n *strictyaml.Node, field string) (check, bool) {
	words, ok := r.someOf(n, field, "low", "normal", "high")
	return plain(func(_ context.Context, s *Scan) (bool, string) {
		reason := ""
		for _, h := range s.Message.Headers() {
			level, by := importance(h)
			if reason = "the importance is " + level; by == "" {
				reason += ", as no header field says another"
			} else {
				reason += " by the header field " + by
			}
			if slices.Contains(words, level) {
				return true, reason
			}
		}
		return false, reason
	}), ok
}

// someOf reads a list of words, compared without case.
func (r *reader) someOf(n *strictyaml.Node, field string, words ...string) (list []string, ok bool) {
	items := r.List(n, field)
	ok = items != nil
	for _, item := range items {
		word, good := r.OneOf(item, entryField(n, field, item), words...)
		ok = ok && good
		list = append(list, word)
	}
	return list, ok
}

// sclFields write the spam confidence level in Exchange: the first as a number, the
// second among others as "SCL:5;".
const (
	sclField    = "X-MS-Exchange-Organization-SCL"
	reportField = "X-Forefront-Antispam-Report"
)

// scls gives all spam confidence levels that the header names.
func scls(headers []message.Header, field string) (levels []int) {
	add := func(text string) {
		if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && n >= -1000 && n <= 1000 {
			levels = append(levels, int(n))
		}
	}
	for _, h := range headers {
		if field != "" {
			for _, text := range h.Texts(field) {
				first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
				add(first)
			}
			continue
		}
		for _, text := range h.Texts(sclField) {
			add(text)
		}
		for _, text := range h.Texts(reportField) {
			for entry := range strings.SplitSeq(text, ";") {
				if name, value, _ := strings.Cut(entry, ":"); strings.EqualFold(strings.TrimSpace(name), "SCL") {
					add(value)
				}
			}
		}
	}
	return levels
}

// parseSCL reads a spam confidence level that a message must have at least: any
// field that names one may, in strict use all must.
func parseSCL(r *reader, n *strictyaml.Node, field string) (check, bool) {
	least, ok := r.Int(n, field, -1, 9)
	from := r.vocabulary.Settings.SCLField
	return check{message: func(_ context.Context, s *Scan, strict bool) finding {
		levels := scls(s.headers(strict), from)
		if len(levels) == 0 {
			return finding{truth: False, reason: "no header field names a spam confidence level"}
		}
		level := slices.Max(levels)
		if strict {
			level = slices.Min(levels)
		}
		return finding{truth: truthOf(level >= least), reason: fmt.Sprintf("the spam confidence level is %d", level)}
	}}, ok
}

// classificationFields are those in which Exchange and Outlook write the
// classification of a message: its display name, or its GUID.
var classificationFields = []string{"X-Microsoft-Classification", "X-Microsoft-ClassID", "X-MS-Exchange-Organization-Classification"}

// classifications gives the classifications of a message, in small letters and
// GUIDs without braces.
func classifications(headers []message.Header) (list []string) {
	for _, h := range headers {
		for _, field := range classificationFields {
			for _, text := range h.Texts(field) {
				if text = classificationKey(text); text != "" {
					list = append(list, text)
				}
			}
		}
	}
	return list
}

func classificationKey(s string) string {
	return strings.ToLower(strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "{}\"")))
}

func parseClassification(r *reader, n *strictyaml.Node, field string) (check, bool) {
	list, _, ok := r.texts(n, field)
	for i := range list {
		list[i] = classificationKey(list[i])
	}
	return claimed(func(_ *Scan, headers []message.Header, _ bool) (bool, string) {
		for _, c := range classifications(headers) {
			if slices.Contains(list, c) {
				return true, "the message has the classification " + quote(c)
			}
		}
		return false, "the message has no classification named"
	}), ok
}

func parseNoClassification(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return claimed(func(s *Scan, _ []message.Header, strict bool) (bool, string) {
		// The other way round: what is taken away lifts no restriction here either.
		if len(classifications(s.headers(!strict))) > 0 {
			return false, "the message has a classification"
		}
		return true, "the message has no classification"
	}), ok
}

func parseOverridden(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return ofRecipient(func(ctx context.Context, s *Scan, t *target) (Truth, string) {
		recipients, err := s.overrides(ctx)
		switch {
		case err != nil:
			return Unknown, "may have an override that could not be looked up"
		case slices.Contains(recipients, t.recipient):
			return True, "gets the message by an override of its sender"
		}
		return False, "gets the message without an override"
	}), ok
}

// overrides gives the recipients who get the message by an override.
func (s *Scan) overrides(ctx context.Context) ([]int, error) {
	if s.overridden == nil {
		s.overridden = &lookup[[]int]{}
		if ask := s.World.Overridden; ask != nil {
			s.overridden.value, s.overridden.err = ask(ctx, s.Message)
		}
	}
	return s.overridden.value, s.overridden.err
}
