package extract

import (
	"bytes"
	"unicode/utf8"
)

// attributeAt reads the attribute at d[i] and gives the place behind it, which is
// the end of d where the attribute goes on there.
func attributeAt(d []byte, i int) (name, value []byte, end int, ok bool) {
	end = nameEnd(d, i)
	if name, ok = localName(d[i:end]); !ok || end == i {
		return nil, nil, i, false
	}
	i = blanks(d, end)
	if i == len(d) || d[i] != '=' {
		return name, name, i, true
	}
	if i = blanks(d, i+1); i == len(d) {
		return name, nil, i, true
	}
	if quote := d[i]; quote == '"' || quote == '\'' {
		n := bytes.IndexByte(d[i+1:], quote)
		if n < 0 {
			return name, d[i+1:], len(d), true
		}
		return name, d[i+1 : i+1+n], i + n + 2, true
	}
	end = i
	for end < len(d) && isNameByte[d[end]] && d[end] < utf8.RuneSelf && d[end] != '.' {
		end++
	}
	return name, d[i:end], end, true
}

// attribute gives the value of the first attribute of the start tag with a name
// without prefix; empty for none.
func (x *xmlScanner) attribute(name string) string {
	d := x.attributes
	for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
		have, value, end, ok := attributeAt(d, i)
		if !ok {
			break
		}
		if string(have) == name {
			return string(x.expand(value))
		}
		i = end
	}
	return ""
}

// related gives the identifier of a relation that the start tag has: the value of
// the attribute named id that has a prefix, r:id.
func (x *xmlScanner) related() string {
	d := x.attributes
	for i := blanks(d, 0); i < len(d); i = blanks(d, i) {
		have, value, end, ok := attributeAt(d, i)
		if !ok {
			break
		}
		if (string(have) == "id" || string(have) == "embed" || string(have) == "pict") && bytes.IndexByte(d[i:nameEnd(d, i)], ':') > 0 {
			return string(x.expand(value))
		}
		i = end
	}
	return ""
}
