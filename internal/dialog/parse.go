package dialog

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Dialog is a parsed script.
type Dialog struct {
	Name    string // the file's name without its ending
	Steps   []Step
	Sinks   []Sink
	Bounces []Bounce
}

// Kind tells steps apart.
type Kind int

// The kinds of steps.
const (
	Open       Kind = iota // a new connection
	Command                // Lines[0] is sent
	Reply                  // Lines are expected
	Text                   // Data is sent, with the final dot
	Partial                // Data is sent, without the final dot
	Disconnect             // the connection is closed
	Reset                  // the connection is reset
	Submit                 // Data is submitted with sendmail(1)
)

// Step is one thing that the client does or expects.
type Step struct {
	Line  int // in the script, from 1
	Kind  Kind
	Lines []string
	Data  []byte // CRLF line ends, dots not stuffed
	From  string // of Submit; empty for the null path
	To    []string
}

// Load reads a script from a file.
func Load(path string) (*Dialog, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), string(text))
}

// LoadDir reads all scripts (*.txt) of a directory, in the order of their names.
func LoadDir(dir string) ([]*Dialog, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no dialogs", dir)
	}
	sort.Strings(paths)
	var all []*Dialog
	for _, p := range paths {
		d, err := Load(p)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// Parse reads a script. Errors name script and line.
func Parse(name, text string) (*Dialog, error) {
	p := parser{d: &Dialog{Name: name}}
	s := bufio.NewScanner(strings.NewReader(text))
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		p.lines = append(p.lines, source{n, s.Text()})
	}
	for len(p.lines) > 0 {
		l := p.next()
		if err := p.statement(l); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, l.n, err)
		}
	}
	return p.d, nil
}

type source struct {
	n    int
	text string
}

type parser struct {
	d     *Dialog
	lines []source
}

func (p *parser) next() source {
	l := p.lines[0]
	p.lines = p.lines[1:]
	return l
}

func (p *parser) statement(l source) error {
	line := strings.TrimSpace(l.text)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "C:"); ok {
		p.step(Step{Line: l.n, Kind: Command, Lines: []string{strings.TrimPrefix(rest, " ")}})
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "S:"); ok {
		return p.reply(l.n, strings.TrimSpace(rest))
	}
	word, rest, _ := strings.Cut(line, " ")
	args := strings.Fields(rest)
	switch {
	case word == "session" && len(args) == 0:
		p.step(Step{Line: l.n, Kind: Open})
	case word == "disconnect" && len(args) == 0:
		p.step(Step{Line: l.n, Kind: Disconnect})
	case word == "reset" && len(args) == 0:
		p.step(Step{Line: l.n, Kind: Reset})
	case word == "message" && len(args) == 0:
		return p.text(Step{Line: l.n, Kind: Text})
	case word == "partial" && len(args) == 0:
		return p.text(Step{Line: l.n, Kind: Partial})
	case word == "sendmail" && len(args) >= 2:
		return p.text(Step{Line: l.n, Kind: Submit, From: strings.Trim(args[0], "<>"), To: args[1:]})
	case word == "repeat" && len(args) == 1:
		return p.repeat(args[0])
	case word == "sink" && len(args) == 1:
		return p.sink(Sink{Line: l.n, ID: args[0]})
	case word == "sink" && len(args) == 2 && args[1] == "none":
		p.d.Sinks = append(p.d.Sinks, Sink{Line: l.n, ID: args[0], None: true})
	case word == "bounce" && len(args) >= 2:
		_, text, _ := strings.Cut(rest, " ")
		p.d.Bounces = append(p.d.Bounces, Bounce{Line: l.n, To: args[0], Text: strings.TrimSpace(text)})
	default:
		return fmt.Errorf("no such statement: %s", line)
	}
	return nil
}

func (p *parser) step(s Step) { p.d.Steps = append(p.d.Steps, s) }

// reply takes one line of a reply; lines in a row are one reply as long as the
// line before says that more follow.
func (p *parser) reply(n int, line string) error {
	if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" {
		return fmt.Errorf("no reply code: %s", line)
	}
	if k := len(p.d.Steps) - 1; k >= 0 && p.d.Steps[k].Kind == Reply {
		last := p.d.Steps[k].Lines[len(p.d.Steps[k].Lines)-1]
		if len(last) > 3 && last[3] == '-' {
			p.d.Steps[k].Lines = append(p.d.Steps[k].Lines, line)
			return nil
		}
	}
	p.step(Step{Line: n, Kind: Reply, Lines: []string{line}})
	return nil
}

// text takes the lines up to ".".
func (p *parser) text(s Step) error {
	for len(p.lines) > 0 {
		l := p.next()
		switch {
		case l.text == ".":
			p.step(s)
			return nil
		case strings.HasPrefix(l.text, "%"):
			var err error
			if s.Data, err = appendMade(s.Data, strings.Fields(l.text)); err != nil {
				return fmt.Errorf("line %d: %w", l.n, err)
			}
		default:
			octets, err := unescape(l.text)
			if err != nil {
				return fmt.Errorf("line %d: %w", l.n, err)
			}
			s.Data = append(append(s.Data, octets...), "\r\n"...)
		}
	}
	return fmt.Errorf("the text has no end: a line with a dot is missing")
}

// appendMade appends text that is made to measure.
func appendMade(b []byte, directive []string) ([]byte, error) {
	n, err := strconv.Atoi(directive[len(directive)-1])
	if err != nil || n < 2 {
		return nil, fmt.Errorf("no number of octets: %s", directive)
	}
	switch {
	case directive[0] == "%fill" && len(directive) == 2:
		return appendFill(b, n), nil
	case directive[0] == "%field" && len(directive) == 3:
		b = append(append(b, directive[1]...), ':')
		for ; n > 76; n -= 76 {
			b = append(append(b, " folded"+strings.Repeat("x", 76-len(" folded\n"))...), "\r\n"...)
		}
		return append(append(b, " "+strings.Repeat("y", n-1)...), "\r\n"...), nil
	}
	return nil, fmt.Errorf("unknown directive: %s", directive)
}

// appendFill appends n octets of lines that end with CRLF.
func appendFill(b []byte, n int) []byte {
	const line = "The quick brown fox jumps over the lazy dog, and nobody knows why it does so\r\n"
	for n > 0 {
		k := min(n, len(line))
		if rest := n - k; rest == 1 { // no room for a line end
			k--
		}
		b = append(append(b, line[:k-2]...), "\r\n"...)
		n -= k
	}
	return b
}

func unescape(s string) ([]byte, error) {
	var b []byte
	for {
		before, after, ok := strings.Cut(s, `\x`)
		b = append(b, before...)
		if !ok {
			return b, nil
		}
		if len(after) < 2 {
			return nil, fmt.Errorf(`two digits are missing behind \x`)
		}
		v, err := strconv.ParseUint(after[:2], 16, 8)
		if err != nil {
			return nil, fmt.Errorf(`not hexadecimal: \x%s`, after[:2])
		}
		b = append(b, byte(v))
		s = after[2:]
	}
}

// repeat puts the lines up to "end" in front of the rest, as often as is asked.
func (p *parser) repeat(count string) error {
	times, err := strconv.Atoi(count)
	if err != nil || times < 1 || times > 10000 {
		return fmt.Errorf("repeat wants a number from 1 to 10000")
	}
	for i, l := range p.lines {
		if strings.TrimSpace(l.text) != "end" {
			continue
		}
		var all []source
		for n := range times {
			for _, b := range p.lines[:i] {
				all = append(all, source{b.n, strings.ReplaceAll(b.text, "{n}", strconv.Itoa(n+1))})
			}
		}
		p.lines = append(all, p.lines[i+1:]...)
		return nil
	}
	return fmt.Errorf("repeat has no end")
}

// sinkWords begin the lines that belong to a sink statement.
var sinkWords = []string{"from ", "to ", "recipients ", "header ", "headers ", "no header ", "first ", "body "}

func (p *parser) sink(s Sink) error {
	for len(p.lines) > 0 {
		line := strings.TrimSpace(p.lines[0].text)
		if !hasAnyPrefix(line, sinkWords) {
			break
		}
		l := p.next()
		if err := s.expect(line); err != nil {
			return fmt.Errorf("line %d: %w", l.n, err)
		}
	}
	if len(s.checks) == 0 {
		return fmt.Errorf("nothing is expected of %s", s.ID)
	}
	p.d.Sinks = append(p.d.Sinks, s)
	return nil
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
