package message

import "strings"

// Addresses gives the mailboxes of all fields of a name (From, To …), read
// leniently: whatever a mail reader might show as an address. A field that
// holds none as it stands is read once more with its encoded words decoded.
func (h Header) Addresses(name string) []Path {
	var paths []Path
	for _, f := range h {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		found := parseAddresses(unfold(f.Value))
		if len(found) == 0 && strings.Contains(f.Value, "=?") {
			found = parseAddresses(f.Text())
		}
		paths = append(paths, found...)
	}
	return paths
}

// addressReader goes once over an address list (RFC 5322, section 3.4, and
// what programs make of it).
type addressReader struct {
	paths []Path
	// bare is the text of the current member outside brackets, quotes kept.
	bare strings.Builder
	// at is set when bare holds an @.
	at bool
	// angled is set when the current member had an address in brackets.
	angled bool
}

func parseAddresses(s string) []Path {
	var r addressReader
	var sc scanner
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case '"':
			end := sc.quotedEnd(s, i)
			r.bare.WriteString(s[i:end])
			r.at = r.at || strings.IndexByte(s[i:end], '@') >= 0
			i = end
		case '(':
			i = sc.commentEnd(s, i)
			r.bare.WriteByte(' ')
		case '<':
			i = r.angle(&sc, s, i)
		case ',', ';':
			r.flush()
			i++
		case ':':
			// A group's name ends here; a colon in a domain literal does not reach us.
			if !r.at {
				r.bare.Reset()
			} else {
				r.bare.WriteByte(c)
			}
			i++
		case '[':
			end := strings.IndexByte(s[i:], ']')
			if end < 0 {
				end = len(s) - i - 1
			}
			r.bare.WriteString(s[i : i+end+1])
			i += end + 1
		default:
			r.at = r.at || c == '@'
			r.bare.WriteByte(c)
			i++
		}
	}
	r.flush()
	return r.paths
}

// angle reads an address in brackets that begins at s[i].
func (r *addressReader) angle(sc *scanner, s string, i int) int {
	var b strings.Builder
	j := i + 1
loop:
	for j < len(s) {
		switch c := s[j]; c {
		case '>':
			j++
			break loop
		case '<':
			// The bracket before was no address.
			b.Reset()
			j++
		case '"':
			end := sc.quotedEnd(s, j)
			b.WriteString(s[j:end])
			j = end
		case '(':
			j = sc.commentEnd(s, j)
		default:
			b.WriteByte(c)
			j++
		}
	}
	r.add(b.String())
	r.angled = true
	return j
}

// flush ends a member of the list.
func (r *addressReader) flush() {
	bare := r.bare.String()
	r.bare.Reset()
	if !r.angled && r.at {
		for _, word := range addressWords(bare) {
			r.add(word)
		}
	}
	r.angled, r.at = false, false
}

func (r *addressReader) add(s string) {
	p, err := ParsePath(s)
	if err == nil && !p.IsNull() && (p.domain != "" || !strings.ContainsAny(p.local, " \t")) {
		r.paths = append(r.paths, p)
	}
}

// addressWords gives the words of s that hold an @, blanks around @ and dots
// joined (RFC 5322, obs-addr-spec), quoted strings kept whole.
func addressWords(s string) []string {
	var words []string
	var b strings.Builder
	blank, at := false, false
	var sc scanner
	end := func() {
		if at {
			words = append(words, b.String())
		}
		b.Reset()
		at = false
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			blank = true
			i++
			continue
		}
		if blank && b.Len() > 0 && c != '@' && c != '.' {
			if last := b.String()[b.Len()-1]; last != '@' && last != '.' {
				end()
			}
		}
		blank = false
		if c == '"' {
			stop := sc.quotedEnd(s, i)
			b.WriteString(s[i:stop])
			i = stop
			continue
		}
		at = at || c == '@'
		b.WriteByte(c)
		i++
	}
	end()
	return words
}

// scanner finds the ends of quoted strings and comments. Once one was found
// never to end, later ones are not looked for, so that going over a text stays
// linear.
type scanner struct {
	noQuoted, noComment bool
}

// quotedEnd gives the place behind the quoted string that begins at s[i]; of
// one that never ends, the place behind its quotation mark.
func (sc *scanner) quotedEnd(s string, i int) int {
	if sc.noQuoted {
		return i + 1
	}
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	sc.noQuoted = true
	return i + 1
}

// commentEnd gives the place behind the comment that begins at s[i], comments
// within it included; of one that never ends, the place behind its bracket.
func (sc *scanner) commentEnd(s string, i int) int {
	if sc.noComment {
		return i + 1
	}
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	sc.noComment = true
	return i + 1
}
