package rules

import (
	"context"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/extract"
	"github.com/postern-mail/postern/strictyaml"
)

// what tells people what a content is, and notes that an answer rests on it. The
// words hold nothing of the message.
func (s *Scan) what(c *content) string {
	s.pointed = append(s.pointed, c.name)
	switch {
	case c.member:
		return "a file within an attachment"
	case c.body:
		return "a body" // it is labelled as text and may hold something else
	}
	return "an attachment"
}

// allNames gives the names of an attachment or of a file within one, and of the
// latter the last element of its path too.
func (c *content) allNames() []string {
	names := c.names()
	if !c.member {
		return names
	}
	all := slices.Clone(names)
	for _, n := range names {
		if base := path.Base(strings.ReplaceAll(n, `\`, "/")); base != n {
			all = append(all, base)
		}
	}
	return all
}

// eachName asks about the names of attachments, and then of the files within
// them, for which they must be read.
func (s *Scan) eachName(ctx context.Context, ask func(name string) (string, bool)) (bool, string) {
	try := func(c *content) (string, bool) {
		for _, name := range c.allNames() {
			if what, found := ask(name); found {
				return "the name of " + s.what(c) + " " + what, true
			}
		}
		return "", false
	}
	for _, c := range s.attached() {
		if reason, found := try(c); found {
			return true, reason
		}
	}
	for c := range s.documents(ctx) {
		if reason, found := try(c); c.member && found {
			return true, reason
		}
	}
	return false, "nothing is found in the names of attachments"
}

func inNames(m matcher) check {
	return plain(func(ctx context.Context, s *Scan) (bool, string) { return s.eachName(ctx, m) })
}

func parseNameWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.wordMatcher(n, field)
	return inNames(m), ok
}

func parseNamePatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.patternMatcher(n, field)
	return inNames(m), ok
}

// extensions reads extensions, each with a dot in front.
func (r *reader) extensions(n *strictyaml.Node, field string) ([]string, bool) {
	list, nodes, ok := r.texts(n, field)
	var suffixes []string
	for i, s := range list {
		ext := plainName(strings.TrimPrefix(s, "."))
		if ext == "" || strings.ContainsAny(ext, `*?/\: `) || strings.HasPrefix(ext, ".") {
			r.Errorf(nodes[i], entryField(n, field, nodes[i]), "write it as `docx`", "%q is not an extension", s)
			ok = false
			continue
		}
		suffixes = append(suffixes, "."+ext)
	}
	return suffixes, ok
}

// endsIn asks a name for one of the extensions.
func endsIn(suffixes []string) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		name = plainName(name)
		i := slices.IndexFunc(suffixes, func(x string) bool { return strings.HasSuffix(name, x) })
		if i < 0 {
			return "", false
		}
		return "ends in " + suffixes[i], true
	}
}

func parseExtension(r *reader, n *strictyaml.Node, field string) (check, bool) {
	suffixes, ok := r.extensions(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) { return s.eachName(ctx, endsIn(suffixes)) }), ok
}

// plainName gives a file name in small letters as a desktop resolves it: without
// invisible characters, such as those that turn the direction of writing, and
// without dots and blanks at its end.
func plainName(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Cf, c) || unicode.IsControl(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, s)
	return strings.TrimRightFunc(s, func(c rune) bool { return c == '.' || unicode.IsSpace(c) })
}

func parseDocumentSize(r *reader, n *strictyaml.Node, field string) (check, bool) {
	size, ok := r.least(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for _, c := range s.attached() {
			if have := c.part.Size(); have >= size {
				return true, "an attachment has " + octets(have)
			}
		}
		for c := range s.documents(ctx) {
			if c.member && c.doc.Size >= size {
				return true, s.what(c) + " has " + octets(c.doc.Size)
			}
		}
		return false, "no attachment has " + octets(size)
	}), ok
}

// inDocuments looks into the text of attachments and of files within them.
func inDocuments(m *sought) check {
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for c := range s.documents(ctx) {
			if what, found := c.seek(m); found {
				return true, s.what(c) + " " + what
			}
		}
		return false, "nothing is found in attachments"
	})
}

func parseDocumentWords(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.seekWords(n, field)
	return inDocuments(m), ok
}

func parseDocumentPatterns(r *reader, n *strictyaml.Node, field string) (check, bool) {
	m, ok := r.seekPatterns(n, field)
	return inDocuments(m), ok
}

// noticed makes a check of the signals of a message: the first of the kinds named
// makes it true. What was noticed without reading is asked about first.
func noticed(none string, kinds ...message.Signal) check {
	find := func(s *Scan, list []message.Notice) (string, bool) {
		for _, n := range list {
			if slices.Contains(kinds, n.Signal) {
				part := "the message"
				if n.Part != "" {
					part = "a part"
					s.pointed = append(s.pointed, n.Part)
				}
				return part + ": " + n.Detail, true
			}
		}
		return "", false
	}
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		if reason, found := find(s, s.Message.Notices); found {
			return true, reason
		}
		s.read(ctx)
		if reason, found := find(s, s.Notices()); found {
			return true, reason
		}
		return false, none
	})
}

func parseUnsupported(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return noticed("all attachments could be read", message.SignalUnsupported, message.SignalUnreadable), r.yes(n, field)
}

func parseIncomplete(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return noticed("no limit ended the reading", message.SignalIncomplete), r.yes(n, field)
}

func parseAmbiguous(r *reader, n *strictyaml.Node, field string) (check, bool) {
	return noticed("every reader reads the message alike", message.SignalDefect), r.yes(n, field)
}

func parseProtected(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for c := range s.documents(ctx) {
			if c.doc.Status == extract.Protected {
				return true, s.what(c) + " needs a secret: " + c.doc.Detail
			}
		}
		return false, "no attachment needs a secret"
	}), ok
}

func parseExecutable(r *reader, n *strictyaml.Node, field string) (check, bool) {
	ok := r.yes(n, field)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for c := range s.documents(ctx) {
			if c.doc.Executable != "" {
				return true, s.what(c) + " is or carries a program: " + c.doc.Executable
			}
		}
		return false, "no attachment is or carries a program"
	}), ok
}

// parseUnscannable reads a condition that looks at both extensions of a file that
// could not be read: that of its name, and the usual one of its content.
func parseUnscannable(r *reader, n *strictyaml.Node, field string) (check, bool) {
	suffixes, ok := r.extensions(n, field)
	ends := endsIn(suffixes)
	return plain(func(ctx context.Context, s *Scan) (bool, string) {
		for c := range s.documents(ctx) {
			if c.doc.Status != extract.Unsupported && c.doc.Status != extract.Corrupt {
				continue
			}
			for _, name := range c.allNames() {
				if what, found := ends(name); found {
					return true, s.what(c) + " could not be read and its name " + what
				}
			}
			if c.doc.Extension != "" && slices.Contains(suffixes, "."+c.doc.Extension) {
				return true, s.what(c) + " could not be read and is a ." + c.doc.Extension + " by content"
			}
		}
		return false, "no attachment that could not be read has an extension named"
	}), ok
}
