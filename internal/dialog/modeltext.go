package dialog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/milter/miltertest"
)

// leadingSpace is the protocol bit by which values keep the blank behind the
// colon.
const leadingSpace = 1 << 20

// text is a message in a mail server's hands.
type text struct {
	header []field
	body   []byte // CRLF line ends
}

// field is a header field: in a mail server's hands everything behind the colon,
// folds with LF; at the sink unfolded, without blanks around it.
type field struct{ name, value string }

// wire gives the value as it goes to the milter.
func (f field) wire(protocol uint32) string {
	if protocol&leadingSpace != 0 {
		return f.value
	}
	return strings.TrimPrefix(f.value, " ")
}

// parseText takes a message apart as Postfix does: the first line that is no
// header field begins the body.
func parseText(data []byte) text {
	var t text
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\r\n"))
		if len(line) == 0 {
			t.body = rest
			return t
		}
		n := len(t.header)
		if (line[0] == ' ' || line[0] == '\t') && n > 0 {
			t.header[n-1].value += "\n" + string(line)
			data = rest
			continue
		}
		name, value, ok := strings.Cut(string(line), ":")
		if trimmed := strings.TrimRight(name, " \t"); ok && trimmed != "" && !strings.ContainsAny(trimmed, " \t") {
			t.header = append(t.header, field{trimmed, value})
			data = rest
			continue
		}
		t.body = data
		return t
	}
	return t
}

func (t text) bytes() []byte {
	var b bytes.Buffer
	for _, f := range t.header {
		b.WriteString(f.name + ":" + strings.ReplaceAll(f.value, "\n", "\r\n") + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(t.body)
	return b.Bytes()
}

// edit makes one change that the milter asked for.
func (t *text) edit(f miltertest.Frame, mail *envelope, protocol uint32) error {
	offset := 0
	if f.Command == 'm' || f.Command == 'i' {
		offset = 4
	}
	s := f.Strings(offset)
	if len(s) == 0 {
		return fmt.Errorf("edit %q is empty", f.Command)
	}
	switch f.Command {
	case '+', '2':
		if to := address(s[0]); !slices.Contains(mail.to, to) {
			mail.to = append(mail.to, to)
		}
		return nil
	case '-':
		to := address(s[0])
		mail.to = slices.DeleteFunc(mail.to, func(r string) bool { return strings.EqualFold(r, to) })
		return nil
	}
	if len(s) != 2 {
		return fmt.Errorf("edit %q of %d strings", f.Command, len(s))
	}
	added := field{s[0], s[1]}
	if protocol&leadingSpace == 0 {
		added.value = " " + added.value
	}
	switch f.Command {
	case 'h':
		t.header = append(t.header, added)
	case 'i':
		t.header = slices.Insert(t.header, min(f.Index(), len(t.header)), added)
	case 'm':
		t.change(f.Index(), added, s[1] == "")
	default:
		return fmt.Errorf("edit %q is not known", f.Command)
	}
	return nil
}

// change changes or deletes field number index of a name. Our own Received is
// not counted. A field that is not there is added.
func (t *text) change(index int, f field, remove bool) {
	n := 0
	for i, old := range t.header {
		if i == 0 && old.name == "Received" || !strings.EqualFold(old.name, f.name) {
			continue
		}
		if n++; n < max(index, 1) {
			continue
		}
		if remove {
			t.header = slices.Delete(t.header, i, i+1)
		} else {
			t.header[i] = f
		}
		return
	}
	if !remove {
		t.header = append(t.header, f)
	}
}

// address gives a path without brackets and source route.
func address(path string) string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "<"), ">")
	if strings.HasPrefix(path, "@") {
		_, path, _ = strings.Cut(path, ":")
	}
	return path
}
