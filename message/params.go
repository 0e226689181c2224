package message

import (
	"cmp"
	"sort"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/message/charset"
)

// param is one parameter as written: the name as far as the first asterisk, in
// lower case.
type param struct {
	name     string
	value    string
	other    string // the value where backslashes stand for themselves; empty without one
	first    string // the first word, where some readers stop; empty without more
	section  int    // of a continuation (RFC 2231, section 3), -1 for none
	extended bool   // percent-encoded (RFC 2231, section 4)
	glued    bool   // a comment follows without a blank
}

// mostParams is how many parameters of one field are read.
const mostParams = 1000

// structured is a field value of a token and parameters, read leniently.
type structured struct {
	token  string // in lower case
	params []param
	// Departures from the grammar that make readers disagree.
	defects []string
}

func (s *structured) defect(d string) {
	for _, have := range s.defects {
		if have == d {
			return
		}
	}
	s.defects = append(s.defects, d)
}

// parseStructured reads Content-Type or Content-Disposition (RFC 2045, section
// 5.1, RFC 2183), as lenient as the most lenient of mail readers.
func parseStructured(v string) structured {
	r := paramReader{s: unfold(v)}
	var out structured
	r.blanks()
	token := r.until(" \t;(")
	r.blanks()
	for r.i < len(r.s) && r.s[r.i] == '/' && !strings.Contains(token, "/") {
		r.i++
		r.blanks()
		token += "/" + r.until(" \t;(")
		r.blanks()
	}
	out.token = strings.ToLower(strings.Trim(token, "\"'"))
	if out.token != strings.ToLower(token) {
		out.defect("quoted value where a token is due")
	}
	if r.i < len(r.s) && r.s[r.i] != ';' {
		out.defect("no semicolon before a parameter")
	}
	for r.i < len(r.s) {
		if len(out.params) >= mostParams {
			out.defect("more parameters than programs read")
			break
		}
		if c := r.s[r.i]; c == ';' || c == ' ' || c == '\t' {
			r.i++
			continue
		}
		if r.s[r.i] == '(' {
			r.blanks()
			continue
		}
		r.param(&out)
	}
	return out
}

type paramReader struct {
	s  string
	i  int
	sc scanner
}

// blanks passes over blanks and comments.
func (r *paramReader) blanks() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ' ', '\t':
			r.i++
		case '(':
			end := r.sc.commentEnd(r.s, r.i)
			r.i = end
		default:
			return
		}
	}
}

func (r *paramReader) until(stops string) string {
	start := r.i
	if n := strings.IndexAny(r.s[start:], stops); n >= 0 {
		r.i += n
	} else {
		r.i = len(r.s)
	}
	return r.s[start:r.i]
}

func (r *paramReader) param(out *structured) {
	name := r.until("=; \t(")
	r.blanks()
	if r.i >= len(r.s) || r.s[r.i] != '=' {
		out.defect("a parameter without a value")
		if name == "" {
			r.i++
		}
		return
	}
	r.i++
	r.blanks()
	p := param{name: strings.ToLower(name), section: -1}
	if r.i < len(r.s) && r.s[r.i] == '"' {
		r.quoted(&p, out)
	} else {
		r.unquoted(&p, out)
	}
	base, star, found := strings.Cut(p.name, "*")
	if found {
		p.name = base
		star, p.extended = strings.CutSuffix(star, "*")
		if star == "" {
			p.extended = true
		} else if n, err := strconv.Atoi(star); err == nil && n >= 0 {
			p.section = n
		} else {
			out.defect("a parameter's continuation cannot be read")
		}
	}
	if p.name == "" {
		out.defect("a parameter without a name")
		return
	}
	out.params = append(out.params, p)
}

func (r *paramReader) quoted(p *param, out *structured) {
	var b strings.Builder
	escaped := false // a character that needs no backslash has one
	start := r.i + 1
	for j := start; j < len(r.s); j++ {
		switch c := r.s[j]; {
		case c == '\\' && j+1 < len(r.s):
			j++
			escaped = escaped || r.s[j] != '"' && r.s[j] != '\\'
			b.WriteByte(r.s[j])
		case c == '"':
			p.value = b.String()
			if escaped {
				p.other = r.s[start:j]
			}
			r.i = j + 1
			if r.i < len(r.s) && r.s[r.i] != ';' && r.s[r.i] != ' ' && r.s[r.i] != '\t' && r.s[r.i] != '(' {
				out.defect("text glued to a quoted parameter")
			}
			return
		default:
			b.WriteByte(c)
		}
	}
	out.defect("a quotation mark that is never closed")
	r.i++
	p.value = strings.TrimRight(r.until(";"), " \t")
}

// unquoted reads a value as far as the semicolon. Blanks end it when another
// parameter follows; otherwise they are part of it, as in file names.
func (r *paramReader) unquoted(p *param, out *structured) {
	p.value = r.until("; \t(")
	for r.i < len(r.s) && r.s[r.i] != ';' {
		if r.s[r.i] == '(' {
			p.glued = p.glued || r.i > 0 && r.s[r.i-1] != ' ' && r.s[r.i-1] != '\t'
			before := r.i
			r.blanks()
			if r.i > before+1 || r.sc.noComment {
				continue
			}
		}
		for r.i < len(r.s) && (r.s[r.i] == ' ' || r.s[r.i] == '\t') {
			r.i++
		}
		if r.i >= len(r.s) || r.s[r.i] == ';' || r.s[r.i] == '(' {
			continue
		}
		word := r.s[r.i:]
		if n := strings.IndexAny(word, "; \t("); n >= 0 {
			word = word[:n]
		}
		if eq := strings.IndexByte(word, '='); eq > 0 {
			out.defect("no semicolon before a parameter")
			return
		}
		r.i += len(word)
		if isFileName(p.name) {
			p.first = cmp.Or(p.first, p.value)
			p.value += " " + word
			continue
		}
		out.defect("a blank in an unquoted parameter")
	}
}

func isFileName(name string) bool {
	return strings.HasPrefix(name, "name") || strings.HasPrefix(name, "filename")
}

// values gives all values of a parameter that some reader might take, decoded,
// the one RFC 2231 asks for first: extended, continued, then plain ones.
func (s *structured) values(name string) []string {
	var parts []param
	var plain, extended []string
	for _, p := range s.params {
		switch {
		case p.name != name:
		case p.section >= 0:
			parts = append(parts, p)
		case p.extended:
			extended = append(extended, decodeExtended([]param{p}))
		default:
			plain = append(plain, decodeText(p.value))
		}
	}
	if len(parts) > 0 {
		sort.SliceStable(parts, func(i, j int) bool { return parts[i].section < parts[j].section })
		extended = append(extended, decodeExtended(parts))
	}
	return append(extended, plain...)
}

// asWritten gives the plain values of a parameter where some reader takes them as
// they stand: encoded words that RFC 2047 allows none of here, and backslashes
// (of paths, most often).
func (s *structured) asWritten(name string) []string {
	var list []string
	for _, p := range s.params {
		if p.name != name || p.section >= 0 || p.extended {
			continue
		}
		list = append(list, p.value)
		for _, v := range [...]string{p.other, p.first} {
			if v != "" {
				list = append(list, v)
			}
		}
	}
	return list
}

// continued tells whether a parameter is written in parts.
func (s *structured) continued(name string) bool {
	for _, p := range s.params {
		if p.name == name && p.section >= 0 {
			return true
		}
	}
	return false
}

// repeated tells whether two values of a parameter are given in one form.
func (s *structured) repeated(name string) bool {
	plain, extended := 0, 0
	for _, p := range s.params {
		if p.name == name && p.section < 0 {
			if p.extended {
				extended++
			} else {
				plain++
			}
		}
	}
	return plain > 1 || extended > 1
}

// decodeExtended joins the parts of a value and undoes charset'language'text
// (RFC 2231, section 4.1).
func decodeExtended(parts []param) string {
	var octets []byte
	set := ""
	percent := false
	for i, p := range parts {
		v := p.value
		if !p.extended {
			octets = append(octets, v...)
			continue
		}
		if i == 0 {
			if a, rest, found := strings.Cut(v, "'"); found {
				if _, text, found := strings.Cut(rest, "'"); found {
					set, v = a, text
				}
			}
		}
		percent = true
		for j := 0; j < len(v); j++ {
			if v[j] == '%' && j+2 < len(v) && hexValue(v[j+1]) >= 0 && hexValue(v[j+2]) >= 0 {
				octets = append(octets, byte(hexValue(v[j+1])<<4|hexValue(v[j+2])))
				j += 2
				continue
			}
			octets = append(octets, v[j])
		}
	}
	if !percent {
		return decodeText(string(octets))
	}
	return strings.ReplaceAll(charset.Quick(octets, set), "\x00", "")
}
