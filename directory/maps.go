package directory

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
)

// splitMaps splits the value of a parameter at blanks and commas, as Postfix
// does: not inside braces.
func splitMaps(value string) []string {
	var out []string
	depth, start := 0, -1
	for i := 0; i <= len(value); i++ {
		end := i == len(value)
		if !end {
			switch value[i] {
			case '{':
				depth++
			case '}':
				depth = max(depth-1, 0)
			}
		}
		if end || depth == 0 && strings.IndexByte(" ,\t\r\n", value[i]) >= 0 {
			if start >= 0 {
				out = append(out, value[start:i])
			}
			start = -1
		} else if start < 0 {
			start = i
		}
	}
	return out
}

// ofPatterns tells whether a table holds patterns, which Postfix shows whole
// addresses only.
func ofPatterns(table string) bool {
	kind, _, _ := strings.Cut(table, ":")
	return slices.Contains([]string{"regexp", "pcre", "tcp"}, kind)
}

// domainPattern is one entry of a list of domains: a name or a table, or their
// exclusion.
type domainPattern struct {
	not   bool
	name  string
	table string
}

// maxDomains bounds the entries of a list of domains kept in a file.
const maxDomains = 100_000

// domainPatterns reads a list of domains, with `!` for exclusions, tables, and
// files that hold further entries.
func domainPatterns(items []string) ([]domainPattern, error) {
	var out []domainPattern
	for _, item := range items {
		rest := strings.TrimLeft(item, "!")
		not := (len(item)-len(rest))%2 == 1
		switch {
		case strings.HasPrefix(rest, "/"):
			names, err := readNames(rest)
			if err != nil {
				return nil, fmt.Errorf("mydestination: %w", err)
			}
			for _, n := range names {
				out = append(out, domainPattern{not: not, name: strings.ToLower(n)})
			}
		case strings.Contains(rest, ":") && !strings.HasPrefix(rest, "["):
			out = append(out, domainPattern{not: not, table: strings.TrimPrefix(rest, "proxy:")})
		default:
			out = append(out, domainPattern{not: not, name: strings.ToLower(rest)})
		}
	}
	return out, nil
}

// originName gives the domain of myorigin, whose value may be a file that holds
// it.
func originName(value string) (string, error) {
	if !strings.HasPrefix(value, "/") {
		return strings.ToLower(value), nil
	}
	names, err := readNames(value)
	if err != nil {
		return "", fmt.Errorf("myorigin: %w", err)
	}
	if len(names) == 0 {
		return "", fmt.Errorf("myorigin: %s is empty", value)
	}
	return strings.ToLower(names[0]), nil
}

// readNames reads the words of a file, comments left out.
func readNames(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	lines := bufio.NewScanner(io.LimitReader(f, 8<<20))
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		names = append(names, splitMaps(text)...)
		if len(names) > maxDomains {
			return nil, fmt.Errorf("%s names more than %d domains", file, maxDomains)
		}
	}
	return names, lines.Err()
}

// readValue reads what a map gives for an address: addresses parted by commas.
// The address stays when it is among them, and when an alias delivers to a file
// or a command.
func (m *Postmap) readValue(value string, addr message.Path, aliases bool) (targets []message.Path, stays bool, err error) {
	for _, item := range splitValue(value, ",") {
		if aliases && deliversHere(item) {
			stays = true
			continue
		}
		words := splitValue(item, " \t\r\n")
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "<") }); i >= 0 {
			words = words[i : i+1] // behind a display name
		}
		for _, w := range words {
			p, err := m.readTarget(w, addr)
			if err != nil {
				return nil, false, err
			}
			if p.Key() == addr.Key() {
				stays = true
			} else {
				targets = append(targets, p)
			}
		}
	}
	if len(targets) == 0 && !stays {
		return nil, false, errors.New("an entry leads to no address")
	}
	return targets, stays, nil
}

// readTarget reads one address of a value. Without a domain it is at myorigin;
// without a local-part it is the same mailbox in another domain.
func (m *Postmap) readTarget(word string, addr message.Path) (message.Path, error) {
	word = strings.TrimPrefix(word, `\`)
	if strings.HasPrefix(word, "@") {
		word = strings.TrimSuffix(addr.String(), "@"+addr.Domain()) + word
	}
	p, err := message.ParsePath(word)
	if err == nil && !p.IsNull() && p.Domain() == "" {
		p, err = message.ParsePath(p.String() + "@" + m.origin)
	}
	if err == nil && p.IsNull() {
		err = errors.New("the null address")
	}
	if err != nil {
		return p, fmt.Errorf("an entry leads to what is no address: %w", err)
	}
	return p, nil
}

// deliversHere tells whether an item of an alias is a file, a command or a list
// of addresses in a file.
func deliversHere(item string) bool {
	item = strings.TrimPrefix(item, `"`)
	return strings.HasPrefix(item, "/") || strings.HasPrefix(item, "|") || strings.HasPrefix(strings.ToLower(item), ":include:")
}

// splitValue splits at any of the separators outside quotes and angle brackets,
// and leaves out empty items.
func splitValue(value, separators string) []string {
	var out []string
	quoted, angle, start := false, false, 0
	add := func(end int) {
		if item := strings.Trim(value[start:end], " \t\r\n"); item != "" {
			out = append(out, item)
		}
		start = end + 1
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case !angle && strings.IndexByte(separators, c) >= 0:
			add(i)
		}
	}
	if start <= len(value) {
		add(len(value))
	}
	return out
}
