package dialog

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Delivered is a message as it came out of the mail server. A server that
// delivers a message in several transactions gives it once, with all recipients.
type Delivered struct {
	From string // without brackets; empty for the null path
	To   []string
	Data []byte // CRLF or LF line ends, dots not stuffed
}

// ID is the value of the message's X-Test-Id.
func (d Delivered) ID() string { return strings.Join(d.fields("X-Test-Id"), "+") }

// section gives header section and body; line ends are LF.
func (d Delivered) section() (header, body []byte) {
	data := bytes.ReplaceAll(d.Data, []byte("\r\n"), []byte("\n"))
	if bytes.HasPrefix(data, []byte("\n")) {
		return nil, data[1:]
	}
	if i := bytes.Index(data, []byte("\n\n")); i >= 0 {
		return data[:i+1], data[i+2:]
	}
	return data, nil
}

// fields gives the values of all fields of a name, unfolded and without blanks
// around them.
func (d Delivered) fields(name string) (values []string) {
	for _, f := range d.header() {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

func (d Delivered) header() (all []field) {
	section, _ := d.section()
	for line := range strings.Lines(string(section)) {
		line = strings.TrimSuffix(line, "\n")
		if n := len(all); n > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			all[n-1].value = strings.TrimSpace(all[n-1].value + line)
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		all = append(all, field{strings.TrimRight(name, " \t"), strings.TrimSpace(value)})
	}
	return all
}

// Sink is what is expected of one message at the sink.
type Sink struct {
	Line   int
	ID     string
	None   bool // it must not have been delivered
	checks []func(Delivered) error
}

// expect adds one line of expectation.
func (s *Sink) expect(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	var check func(Delivered) error
	switch {
	case word == "from":
		want := strings.Trim(rest, "<>")
		check = func(d Delivered) error { return differ("reverse-path", d.From, want) }
	case word == "to":
		want := strings.Fields(rest)
		slices.Sort(want)
		check = func(d Delivered) error {
			got := slices.Clone(d.To)
			slices.Sort(got)
			return differ("recipients", strings.Join(got, " "), strings.Join(want, " "))
		}
	case word == "recipients":
		check = func(d Delivered) error { return differ("number of recipients", strconv.Itoa(len(d.To)), rest) }
	case word == "header" || word == "headers":
		name, value, ok := strings.Cut(rest, ":")
		if !ok {
			return fmt.Errorf("%s wants NAME: VALUE", word)
		}
		want := []string{strings.TrimSpace(value)}
		if word == "headers" {
			want = strings.Split(want[0], " | ")
		}
		check = func(d Delivered) error {
			return differ(name, fmt.Sprintf("%q", d.fields(name)), fmt.Sprintf("%q", want))
		}
	case strings.HasPrefix(line, "no header "):
		name := strings.TrimPrefix(line, "no header ")
		check = func(d Delivered) error { return differ(name, fmt.Sprintf("%q", d.fields(name)), "[]") }
	case word == "first":
		check = func(d Delivered) error {
			for _, f := range d.header() {
				if !strings.EqualFold(f.name, "Received") {
					return differ("first field", f.name, rest)
				}
			}
			return differ("first field", "", rest)
		}
	case strings.HasPrefix(line, "body octets "):
		check = func(d Delivered) error {
			_, body := d.section()
			return differ("octets of the body", strconv.Itoa(len(body)+bytes.Count(body, []byte("\n"))), strings.TrimPrefix(line, "body octets "))
		}
	case word == "body":
		check = func(d Delivered) error {
			if _, body := d.section(); !bytes.Contains(body, []byte(rest)) {
				return fmt.Errorf("body does not contain %q", rest)
			}
			return nil
		}
	default:
		return fmt.Errorf("no such expectation: %s", line)
	}
	s.checks = append(s.checks, check)
	return nil
}

func differ(what, got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s: got %s, want %s", what, got, want)
}

// Check compares what was delivered with what is expected, and gives one error
// for each difference. What nobody asks about may have been delivered.
func (s Sink) Check(all []Delivered) (problems []error) {
	var found []Delivered
	for _, d := range all {
		if d.ID() == s.ID {
			found = append(found, d)
		}
	}
	if s.None {
		if len(found) > 0 {
			problems = append(problems, fmt.Errorf("message %s was delivered", s.ID))
		}
		return problems
	}
	if len(found) != 1 {
		return []error{fmt.Errorf("message %s was delivered %d times", s.ID, len(found))}
	}
	for _, check := range s.checks {
		if err := check(found[0]); err != nil {
			problems = append(problems, fmt.Errorf("message %s: %w", s.ID, err))
		}
	}
	return problems
}

// Bounce is what somebody who submitted with sendmail(1) must be told.
type Bounce struct {
	Line int
	To   string
	Text string
}

// Check looks for the bounce among what was delivered.
func (b Bounce) Check(all []Delivered) error {
	// A bounce may break the text over lines.
	want := strings.Join(strings.Fields(b.Text), " ")
	for _, d := range all {
		if d.From == "" && slices.Contains(d.To, b.To) && strings.Contains(strings.Join(strings.Fields(string(d.Data)), " "), want) {
			return nil
		}
	}
	return fmt.Errorf("nobody told %s %q", b.To, b.Text)
}
