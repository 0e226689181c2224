package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Node is a value in a file, with its place.
type Node = yaml.Node

// Reader reads the values of one file and keeps the problems found.
type Reader struct {
	File     string
	Problems []Problem
	probe    *probe // set while it is found out what is asked
}

// MaxSize is the size in octets beyond which a file is refused unread.
const MaxSize = 16 << 20

// maxDepth bounds nesting, so that readers may recurse.
const maxDepth = 64

var yamlLine = regexp.MustCompile(`line (\d+)(?::(\d+))?:? ?`)

// Parse reads a file that holds one mapping. The node is nil when there is
// nothing to go on with; the reader then holds the reason.
func Parse(file string, data []byte) (*Reader, *Node) {
	r := &Reader{File: file}
	if len(data) > MaxSize {
		r.add(Problem{What: fmt.Sprintf("the file is larger than %d MB", MaxSize>>20)})
		return r, nil
	}
	if !r.readable(data) {
		return r, nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc Node
	if err := decode(dec, &doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.add(Problem{Line: 1, Column: 1, What: "the file is empty"})
		} else {
			r.syntax(err)
		}
		return r, nil
	}
	var second Node
	if err := decode(dec, &second); err == nil {
		r.Errorf(&second, "", "write one document in a file, without a second `---`", "a second document is not read")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
		return r, nil
	}
	if len(doc.Content) == 0 {
		r.add(Problem{Line: 1, Column: 1, What: "the file is empty"})
		return r, nil
	}
	root := doc.Content[0]
	if !r.plain(root, 0) {
		return r, nil
	}
	if root.Kind != yaml.MappingNode {
		r.Errorf(root, "", "begin with a key, as in `key: value`", "the file holds %s where keys and values are due", kindOf(root))
		return r, nil
	}
	return r, root
}

// decode keeps a fault of the YAML library from ending the process: the bytes
// come from outside.
func decode(dec *yaml.Decoder, n *Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: cannot be read: %v", p)
		}
	}()
	return dec.Decode(n)
}

// readable refuses octets that YAML does not allow. The YAML library does too,
// and does not say where.
func (r *Reader) readable(data []byte) bool {
	p := Problem{Line: 1, Column: 1}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		switch {
		case c == utf8.RuneError && size == 1:
			p.What, p.Write = "the file is not UTF-8", "save the file as UTF-8"
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c >= 0x7f && c < 0xa0 && c != 0x85:
			p.What, p.Write = fmt.Sprintf("the file holds the control character U+%04X", c), "take the character away"
		}
		if p.What != "" {
			r.add(p)
			return false
		}
		data = data[size:]
		if p.Column++; c == '\n' {
			p.Line, p.Column = p.Line+1, 1
		}
	}
	return true
}

// plain refuses aliases, anchors, merge keys, tags and nesting beyond maxDepth,
// so that every value is where it is written, nothing expands and nothing that
// is written is passed over.
func (r *Reader) plain(n *Node, depth int) bool {
	if depth > maxDepth {
		r.Errorf(n, "", "", "values are nested more than %d deep", maxDepth)
		return false
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.Errorf(n, "", "write the value where it is needed", "YAML anchors and aliases are not read")
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.Errorf(n, "", "put a text that begins with `!` in quotes", "YAML tags are not read")
		return false
	}
	for _, c := range n.Content {
		if !r.plain(c, depth+1) {
			return false
		}
	}
	return true
}

func (r *Reader) syntax(err error) {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	p := Problem{Line: 1, Column: 1}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		if m[2] != "" {
			p.Column, _ = strconv.Atoi(m[2])
		}
		msg = strings.Replace(msg, m[0], "", 1)
	}
	msg = strings.TrimSpace(msg)
	p.What, p.Write = "not YAML: "+msg, syntaxAdvice(msg)
	r.add(p)
}

func (r *Reader) add(p Problem) {
	p.File = r.File
	r.Problems = append(r.Problems, p)
}

// Errorf records a mistake at a node. Write says what to write instead.
func (r *Reader) Errorf(n *Node, field, write, format string, args ...any) {
	r.problem(Error, n, field, write, format, args...)
}

// Hintf records something that is allowed and likely not meant.
func (r *Reader) Hintf(n *Node, field, write, format string, args ...any) {
	r.problem(Hint, n, field, write, format, args...)
}

func (r *Reader) problem(s Severity, n *Node, field, write, format string, args ...any) {
	p := Problem{Severity: s, Field: field, What: fmt.Sprintf(format, args...), Write: write}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	r.add(p)
}

// Failed tells whether an error was recorded.
func (r *Reader) Failed() bool { return Errors(r.Problems) }

// Entry is one key of a mapping and its value.
type Entry struct {
	Key   string
	At    *Node // the key
	Value *Node
	Field string // path of keys to the value
}

// Mapping gives access to the entries of one mapping.
type Mapping struct {
	r     *Reader
	Node  *Node
	Field string
	list  []Entry
}

// Join appends a key to a path of keys.
func Join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// Index appends a place in a list to a path of keys.
func Index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// Mapping reads a mapping whose keys must be among those given; with no keys
// given any are allowed. It is nil, with a problem recorded, when the node is
// none.
func (r *Reader) Mapping(n *Node, field string, keys ...string) *Mapping {
	if r.probe != nil {
		return r.probe.entries(&Mapping{r: r, Node: n, Field: field}, keys)
	}
	if n == nil || n.Kind != yaml.MappingNode {
		r.Errorf(n, field, "write keys and values, as in `key: value`", "%s stands where keys and values are due", kindOf(n))
		return nil
	}
	m := &Mapping{r: r, Node: n, Field: field}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			r.Errorf(k, field, "", "a key must be a plain word")
			continue
		}
		if seen[k.Value] {
			r.Errorf(k, Join(field, k.Value), "write the key once", "the key %q is written twice", k.Value)
			continue
		}
		seen[k.Value] = true
		if len(keys) > 0 && !slices.Contains(keys, k.Value) {
			r.Errorf(k, Join(field, k.Value), suggest(k.Value, keys), "unknown key %q", k.Value)
			continue
		}
		m.list = append(m.list, Entry{Key: k.Value, At: k, Value: v, Field: Join(field, k.Value)})
	}
	return m
}

// Entries lists the entries in the order of the file. A nil mapping has none.
func (m *Mapping) Entries() []Entry {
	if m == nil {
		return nil
	}
	return m.list
}

// Get gives the entry of a key; its Value is nil when the key is not there.
func (m *Mapping) Get(key string) (Entry, bool) {
	if m != nil {
		for _, e := range m.list {
			if e.Key == key {
				return e, true
			}
		}
		return Entry{Key: key, Field: Join(m.Field, key)}, false
	}
	return Entry{Key: key}, false
}

// Require gives the entry of a key and records a problem when it is missing.
func (m *Mapping) Require(key, write string) (Entry, bool) {
	e, ok := m.Get(key)
	if m != nil && m.r.probe != nil {
		s := m.r.probe.shape(m.Field)
		s.required = append(s.required, key)
	}
	if !ok && m != nil {
		m.r.Errorf(m.Node, e.Field, write, "the key %q is missing", key)
	}
	return e, ok
}

// Text reads a value that is one text. Numbers and dates are taken as written;
// null, lists and mappings are mistakes.
func (r *Reader) Text(n *Node, field string) (string, bool) {
	if r.asks(field, textForm) {
		return "", false
	}
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.Errorf(n, field, "write a text", "%s stands where a text is due", kindOf(n))
		return "", false
	}
	return n.Value, true
}

// Texts reads a list of texts; a single text counts as a list of one. Empty
// lists and empty texts are mistakes. The nodes are those of the texts.
func (r *Reader) Texts(n *Node, field string) (texts []string, nodes []*Node, ok bool) {
	if r.asks(field, listForm) {
		return nil, nil, false
	}
	items := r.List(n, field)
	if items == nil {
		return nil, nil, false
	}
	ok = true
	for i, it := range items {
		f := field
		if n.Kind == yaml.SequenceNode {
			f = Index(field, i)
		}
		s, good := r.Text(it, f)
		if good && s == "" {
			r.Errorf(it, f, "write a text or take the entry away", "the text is empty")
			good = false
		}
		if !good {
			ok = false
			continue
		}
		texts, nodes = append(texts, s), append(nodes, it)
	}
	return texts, nodes, ok
}

// List reads a list; a single value that is no list counts as a list of one. It
// is nil, with a problem recorded, when the list is missing or empty.
func (r *Reader) List(n *Node, field string) []*Node {
	if r.probe != nil {
		r.probe.shape(field).list = true
		return []*Node{n}
	}
	switch {
	case n == nil || n.Tag == "!!null":
		r.Errorf(n, field, "write at least one value, as in `[value]`", "there is no value")
		return nil
	case n.Kind != yaml.SequenceNode:
		return []*Node{n}
	case len(n.Content) == 0:
		r.Errorf(n, field, "write at least one value or take the key away", "the list is empty")
		return nil
	}
	return n.Content
}

// Bool reads true or false.
func (r *Reader) Bool(n *Node, field string) (value, ok bool) {
	if r.asks(field, boolForm) {
		return false, false
	}
	if n != nil && n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		switch strings.ToLower(n.Value) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	r.Errorf(n, field, "write `true` or `false`", "%s is neither true nor false", kindOf(n))
	return false, false
}

// Int reads a whole number between min and max, both included.
func (r *Reader) Int(n *Node, field string, min, max int) (int, bool) {
	if r.probe != nil && r.asks(field, intForm(min, max)) {
		return 0, false
	}
	rng := fmt.Sprintf("write a whole number from %d to %d", min, max)
	if max == math.MaxInt {
		rng = fmt.Sprintf("write a whole number from %d up", min)
	}
	if n != nil && n.Kind == yaml.ScalarNode && (n.Tag == "!!int" || n.Tag == "!!str") {
		v, err := strconv.Atoi(strings.TrimSpace(n.Value))
		if err == nil && v >= min && v <= max {
			return v, true
		}
	}
	r.Errorf(n, field, rng, "%s is not such a number", kindOf(n))
	return 0, false
}

var sizePattern = regexp.MustCompile(`(?i)^\s*(\d{1,15})(?:\s*(B|KB|MB|GB|TB))?\s*$`)

var sizeUnits = map[string]int64{"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}

// Size reads a number of octets with an optional unit: B, KB, MB, GB or TB, each
// 1024 of the one before, as Exchange counts them.
func (r *Reader) Size(n *Node, field string) (int64, bool) {
	if r.asks(field, sizeForm) {
		return 0, false
	}
	if n != nil && n.Kind == yaml.ScalarNode {
		if m := sizePattern.FindStringSubmatch(n.Value); m != nil {
			v, err := strconv.ParseInt(m[1], 10, 64)
			u := sizeUnits[strings.ToUpper(m[2])]
			if err == nil && v <= math.MaxInt64/u {
				return v * u, true
			}
		}
	}
	r.Errorf(n, field, "write a number with a unit, as in `10MB`", "%s is not a size", kindOf(n))
	return 0, false
}

// Duration reads a span of time of at least min, as in 90s, 24h or 30d.
func (r *Reader) Duration(n *Node, field string, min time.Duration) (time.Duration, bool) {
	if r.asks(field, spanForm) {
		return 0, false
	}
	if n != nil && n.Kind == yaml.ScalarNode {
		s := strings.TrimSpace(n.Value)
		var d time.Duration
		var err error
		if days, ok := strings.CutSuffix(s, "d"); ok {
			var v int
			v, err = strconv.Atoi(days)
			if v < 0 || v > 36500 {
				err = errors.New("out of range")
			}
			d = time.Duration(v) * 24 * time.Hour
		} else {
			d, err = time.ParseDuration(s)
		}
		if err == nil && d >= min {
			return d, true
		}
	}
	r.Errorf(n, field, "write a span of time, as in `60s`, `24h` or `30d`", "%s is not a span of time of at least %v", kindOf(n), min)
	return 0, false
}

// OneOf reads one of the given words, compared without case, and gives it as
// spelled in the list.
func (r *Reader) OneOf(n *Node, field string, words ...string) (string, bool) {
	if r.probe != nil && r.asks(field, wordsForm(words)) {
		return "", false
	}
	if n != nil && n.Kind == yaml.ScalarNode {
		for _, w := range words {
			if strings.EqualFold(w, n.Value) {
				return w, true
			}
		}
	}
	r.Errorf(n, field, "write "+orList(words), "%s is not a value of this key", kindOf(n))
	return "", false
}

func kindOf(n *Node) string {
	switch {
	case n == nil || n.Tag == "!!null":
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	v := n.Value
	if len(v) > 60 {
		v = strings.ToValidUTF8(v[:60], "") + "…"
	}
	return fmt.Sprintf("%q", v)
}

func orList(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = "`" + w + "`"
	}
	if len(q) < 2 {
		return strings.Join(q, "")
	}
	return strings.Join(q[:len(q)-1], ", ") + " or " + q[len(q)-1]
}

// suggest names the key most likely meant, or lists them when few.
func suggest(got string, keys []string) string {
	if best := Closest(got, keys); best != "" {
		return fmt.Sprintf("did you mean `%s`?", best)
	}
	if len(keys) <= 12 {
		return "write " + orList(keys)
	}
	return ""
}

// Closest gives the word nearest to got, by letters changed and without case, or
// the empty string when none is near.
func Closest(got string, words []string) string {
	best, at := "", max(2, len(got)/4)+1
	for _, w := range words {
		if d := distance(strings.ToLower(got), strings.ToLower(w)); d < at {
			best, at = w, d
		}
	}
	return best
}

func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return math.MaxInt
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diag, row[j] = row[j], min(row[j]+1, row[j-1]+1, diag+cost)
		}
	}
	return row[len(b)]
}
