package strictyaml

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Flow gives a value as it could be written in one line: lists in brackets and
// mappings in braces.
func Flow(n *Node) string {
	var b strings.Builder
	flow(&b, n)
	return b.String()
}

func flow(b *strings.Builder, n *Node) {
	switch n.Kind {
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteString(", ")
			}
			flow(b, c)
		}
		b.WriteByte(']')
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteString(", ")
			}
			flow(b, n.Content[i])
			b.WriteString(": ")
			flow(b, n.Content[i+1])
		}
		b.WriteByte('}')
	default:
		b.WriteString(flowScalar(n))
	}
}

// flowScalar quotes what would be read as something else without quotes: what was
// quoted and looks like no word, and what has a meaning in a line.
func flowScalar(n *Node) string {
	s := n.Value
	control := strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
	plain := s != "" && strings.TrimSpace(s) == s && !control && !strings.ContainsAny(s, "[]{},") && !strings.ContainsAny(s[:1], "#&*!|>'\"%@`-?:") &&
		!strings.Contains(s, ": ") && !strings.HasSuffix(s, ":") && !strings.Contains(s, " #")
	if plain && n.Style != 0 && n.Tag == "!!str" {
		first := s[0] | 0x20
		word := 'a' <= first && first <= 'z' && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s))
		plain = word || s[0] == '^' || s[0] >= utf8.RuneSelf
	}
	switch {
	case plain:
		return s
	case !control:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	quoted, _ := json.Marshal(s) // a text is always encoded
	return string(quoted)
}

// Meaning gives a value so that two of the same meaning are the same: without
// places, comments and ways of writing, mappings in the order of their keys, lists
// of single values in order and each once. A single value is a list of one.
func Meaning(n *Node) string {
	var b strings.Builder
	meaning(&b, n)
	return b.String()
}

func meaning(b *strings.Builder, n *Node) {
	switch n.Kind {
	case yaml.MappingNode:
		var pairs []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			pairs = append(pairs, Meaning(n.Content[i])+":"+Meaning(n.Content[i+1]))
		}
		slices.Sort(pairs)
		b.WriteString("{" + strings.Join(pairs, ",") + "}")
	case yaml.SequenceNode:
		items, single := make([]string, 0, len(n.Content)), true
		for _, c := range n.Content {
			s := Meaning(c)
			if c.Kind == yaml.ScalarNode {
				s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
			} else {
				single = false
			}
			items = append(items, s)
		}
		if single {
			slices.Sort(items)
			items = slices.Compact(items)
		}
		b.WriteString("[" + strings.Join(items, ",") + "]")
	default:
		quoted, _ := json.Marshal(n.Value)
		b.WriteString("[" + string(quoted) + "]")
	}
}
