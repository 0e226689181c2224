package edit

import (
	"bytes"
	"strings"
)

// headField is a field of a part's header section: its lines as they stand.
type headField struct {
	name  string // without blanks around it; empty for lines that are no field
	lines []byte // with its line ends
}

// headFields are the fields of a header section in order.
type headFields []headField

// splitHead splits a header section as far as its empty line.
func splitHead(head []byte) headFields {
	var fields headFields
	for len(head) > 0 {
		line := head
		if n := bytes.IndexByte(head, '\n'); n >= 0 {
			line = head[:n+1]
		}
		head = head[len(line):]
		switch {
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return fields
		case (line[0] == ' ' || line[0] == '\t') && len(fields) > 0:
			last := &fields[len(fields)-1]
			// The lines stand one behind the other.
			last.lines = last.lines[:len(last.lines)+len(line)]
		default:
			name, _, found := bytes.Cut(line, []byte(":"))
			f := headField{lines: line}
			if found {
				f.name = string(bytes.TrimSpace(name))
			}
			fields = append(fields, f)
		}
	}
	return fields
}

// value is what stands behind the colon, without blanks around it.
func (f headField) value() string {
	_, v, _ := bytes.Cut(f.lines, []byte(":"))
	return string(bytes.Trim(v, " \t\r\n"))
}

// byName gives the values of each name, which is in lower case.
func (h headFields) byName() map[string][]string {
	values := make(map[string][]string, len(h))
	for _, f := range h {
		lower := strings.ToLower(f.name)
		values[lower] = append(values[lower], f.value())
	}
	return values
}

// get gives the first value of a name, or nothing.
func (h headFields) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value()
		}
	}
	return ""
}

// set gives the fields with one field of the name, in the place of the first. A
// value of nothing takes all away.
func (h headFields) set(name, value, nl string) headFields {
	var out headFields
	done := value == ""
	made := headField{name: name, lines: []byte(name + ": " + value + nl)}
	for _, f := range h {
		switch {
		case !strings.EqualFold(f.name, name):
			out = append(out, f)
		case !done:
			out = append(out, made)
			done = true
		}
	}
	if !done {
		out = append(out, made)
	}
	return out
}

// section gives the fields as octets with the empty line behind them.
func (h headFields) section(nl string) []byte {
	var b []byte
	for _, f := range h {
		b = append(b, f.lines...)
		if !bytes.HasSuffix(b, []byte("\n")) {
			b = append(b, nl...)
		}
	}
	return append(b, nl...)
}
