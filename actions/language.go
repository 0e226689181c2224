package actions

import (
	"context"
	"slices"

	"golang.org/x/text/language"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// languageOf gives what the sender prefers to read, as an Accept-Language field lists
// it: what the directory says, or else what the mail program says of its user (RFC
// 3282). Somebody who is not known for ours prefers nothing.
func languageOf(ctx context.Context, scan *rules.Scan) string {
	m := scan.Message
	if !scan.Ours() || m.Envelope.ReversePath.IsNull() {
		return ""
	}
	if l := scan.Language(ctx, m.Envelope.ReversePath); l != "" {
		return l
	}
	return languageField(m.Header)
}

// Prefers gives what the sender of a message that was judged before prefers to read,
// as an Accept-Language field lists it: what the directory says, or else the message;
// empty when neither does. The header section may be nil.
func (l *Live) Prefers(ctx context.Context, sender message.Path, h message.Header) string {
	if l.Directory != nil && !sender.IsNull() {
		if p, err := l.Directory.Person(ctx, sender); err == nil && p.Language != "" {
			return p.Language
		}
	}
	return languageField(h)
}

// Readers are people who prefer the same language.
type Readers struct {
	To        []message.Path
	Preferred string // as [Live.Prefers] gives it
}

// ByLanguage parts people by the language that the directory says they prefer, in
// the order of the first of each.
func (l *Live) ByLanguage(ctx context.Context, people []message.Path) (all []Readers) {
	for _, p := range people {
		preferred := l.Prefers(ctx, p, nil)
		i := slices.IndexFunc(all, func(r Readers) bool { return r.Preferred == preferred })
		if i < 0 {
			i, all = len(all), append(all, Readers{Preferred: preferred})
		}
		all[i].To = append(all[i].To, p)
	}
	return all
}

// languageLength is the most octets of a header field that are read.
const languageLength = 200

func languageField(h message.Header) string {
	for _, name := range []string{"Accept-Language", "Content-Language"} {
		if f, ok := h.Get(name); ok && len(f.Value) <= languageLength {
			return f.Text()
		}
	}
	return ""
}

// translate gives a fork its policy tip in the sender's language.
func (f *Fork) translate(to reader) {
	if f.tipOf != nil {
		f.PolicyTip, _ = f.tipOf.tipIn(to)
	}
}

// reader is somebody who is told, by the languages that he reads.
type reader struct {
	prefers string // as an Accept-Language field lists it; empty when not known
	house   string // the language of what is written for all; empty is English
}

// tipIn gives the policy tip in the language that somebody prefers most of those it
// is written in, and that language. What is written for all counts as written in the
// language of the house.
func (s *spec) tipIn(r reader) (tip, tag string) {
	t := s.telling
	if t == nil || len(t.languages) == 0 || r.prefers == "" {
		return s.tip, r.house
	}
	tags, _, err := language.ParseAcceptLanguage(r.prefers)
	if err != nil || len(tags) == 0 {
		return s.tip, r.house
	}
	house, err := language.Parse(r.house)
	if err != nil {
		house = language.English
	}
	written := t.languages
	if t.translations[house] == "" {
		written = append([]language.Tag{house}, written...)
	}
	_, i, confidence := language.NewMatcher(written).Match(tags...)
	if text := t.translations[written[i]]; text != "" && confidence >= language.High {
		return text, written[i].String()
	}
	return s.tip, r.house
}
