package edit

import "strings"

// withCharset gives the fields with another charset parameter in Content-Type, all
// else in it as it stands. It fails where the field cannot be changed so.
func withCharset(h headFields, set, nl string) (headFields, bool) {
	value := h.get("Content-Type")
	if value == "" {
		return h.set("Content-Type", "text/plain; charset="+set, nl), true
	}
	start, end, found, ok := charsetParam(value)
	switch {
	case !ok:
		return nil, false
	case found:
		value = value[:start] + set + value[end:]
	default:
		value = strings.TrimRight(value, "; \t\r\n") + "; charset=" + set
	}
	return h.set("Content-Type", value, nl), true
}

// charsetParam finds the value of the charset parameter (RFC 2045, section 5.1),
// quotation marks included. It fails on a value that is not closed.
func charsetParam(v string) (start, end int, found, ok bool) {
	i := 0
	skip := func() bool { // blanks and comments
		for i < len(v) {
			switch c := v[i]; {
			case c == ' ' || c == '\t' || c == '\r' || c == '\n':
				i++
			case c == '(':
				depth := 0
				for ; i < len(v); i++ {
					if v[i] == '\\' {
						i++
					} else if v[i] == '(' {
						depth++
					} else if v[i] == ')' {
						if depth--; depth == 0 {
							break
						}
					}
				}
				if i >= len(v) {
					return false
				}
				i++
			default:
				return true
			}
		}
		return true
	}
	for {
		n := strings.IndexByte(v[i:], ';')
		if c := strings.IndexAny(v[i:], "(\""); c >= 0 && (n < 0 || c < n) {
			// A comment, or a quoted value that was not passed over.
			if v[i+c] == '"' {
				return 0, 0, false, false
			}
			i += c
			if !skip() {
				return 0, 0, false, false
			}
			continue
		}
		if n < 0 {
			return 0, 0, false, true
		}
		i += n + 1
		if !skip() {
			return 0, 0, false, false
		}
		name := v[i:]
		eq := strings.IndexAny(name, "=; \t\r\n(")
		if eq < 0 {
			return 0, 0, false, true
		}
		name = name[:eq]
		i += eq
		if !skip() || i >= len(v) || v[i] != '=' {
			continue
		}
		i++
		if !skip() {
			return 0, 0, false, false
		}
		start = i
		if i < len(v) && v[i] == '"' {
			for i++; i < len(v) && v[i] != '"'; i++ {
				if v[i] == '\\' {
					i++
				}
			}
			if i >= len(v) {
				return 0, 0, false, false
			}
			i++
		} else {
			for i < len(v) && !strings.ContainsRune("; \t\r\n(", rune(v[i])) {
				i++
			}
		}
		if strings.EqualFold(name, "charset") {
			return start, i, true, true
		}
	}
}
