package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Value is a text found in a message, as classify.Value: it prints masked and can
// be revealed.
type Value interface {
	String() string
	Reveal() string
}

// Masked is text that may stand in a record. It is made of values that mask
// themselves, or of text together with the values to be hidden in it; no other
// text has this type.
type Masked struct{ text string }

// Mask gives a value as it prints. A value that prints more of itself than the last
// four characters and a quarter is hidden as a whole.
func Mask(v Value) Masked { return Masked{text: maskOf(v)} }

// MaskText gives text in which every occurrence of the values is masked. Text that
// is no part of a message is given without values. With many texts of one message
// a Masker is faster.
func MaskText(text string, values ...Value) Masked { return NewMasker(values...).Text(text) }

// String gives the masked text.
func (m Masked) String() string { return m.text }

// IsZero tells whether there is no text.
func (m Masked) IsZero() bool { return m.text == "" }

// MarshalText gives the masked text.
func (m Masked) MarshalText() ([]byte, error) { return []byte(m.text), nil }

// UnmarshalText reads what MarshalText gave.
func (m *Masked) UnmarshalText(text []byte) error {
	m.text = string(text)
	return nil
}

// maskOf gives a value as it prints, if that is asterisks and at most the last four
// characters and a quarter; otherwise asterisks alone.
func maskOf(v Value) string {
	clear, shown := []rune(v.Reveal()), v.String()
	for k := range min(4, len(clear)/4) + 1 {
		if shown == stars(len(clear)-k)+string(clear[len(clear)-k:]) {
			return shown
		}
	}
	return stars(len(clear))
}

func stars(n int) string { return strings.Repeat("*", n) }

// Masker hides the values found in a message in texts about it. It is safe for
// concurrent use.
type Masker struct {
	shown   map[string]string // by clear value
	lengths []int             // of clear values in octets, the longest first
	first   [256]bool         // octets that clear values begin with
}

// NewMasker prepares values.
func NewMasker(values ...Value) *Masker {
	m := &Masker{shown: make(map[string]string, len(values))}
	for _, v := range values {
		clear := v.Reveal()
		if _, known := m.shown[clear]; known || clear == "" {
			continue
		}
		m.shown[clear] = maskOf(v)
		m.first[clear[0]] = true
		if !slices.Contains(m.lengths, len(clear)) {
			m.lengths = append(m.lengths, len(clear))
		}
	}
	slices.SortFunc(m.lengths, func(a, b int) int { return cmp.Compare(b, a) })
	return m
}

// Text gives text with every occurrence of the values masked; of several that
// begin at one place the longest.
func (m *Masker) Text(text string) Masked {
	return Masked{text: m.hide(strings.ToValidUTF8(text, "\ufffd"))}
}

func (m *Masker) hide(text string) string {
	var b strings.Builder
	kept := 0
	for i := 0; i < len(text); {
		n := 0
		if m.first[text[i]] {
			n = m.at(text[i:])
		}
		if n == 0 {
			i++
			continue
		}
		b.WriteString(text[kept:i])
		b.WriteString(m.shown[text[i:i+n]])
		i += n
		kept = i
	}
	if kept == 0 {
		return text
	}
	return b.String() + text[kept:]
}

// at gives the length of the longest value that text begins with.
func (m *Masker) at(text string) int {
	for _, n := range m.lengths {
		if n <= len(text) {
			if _, found := m.shown[text[:n]]; found {
				return n
			}
		}
	}
	return 0
}

// maxJSON is the longest JSON value taken into a record, in octets, and the
// deepest.
const (
	maxJSON  = 8 << 20
	maxDepth = 100
)

// shortest is how long a number is, in digits, that is masked in JSON: counts and
// levels are shorter.
const shortest = 6

// MaskedJSON is a JSON value that may stand in a record.
type MaskedJSON struct{ raw []byte }

// MaskJSON gives a JSON value in which every occurrence of the values is masked: in
// strings, in names that are not of letters alone, and numbers that are a value.
// The order of names is kept. An error means that raw is no JSON, longer than 8
// MiB, or nested deeper than 100.
func MaskJSON(raw []byte, values ...Value) (MaskedJSON, error) { return NewMasker(values...).JSON(raw) }

// JSON is MaskJSON.
func (m *Masker) JSON(raw []byte) (MaskedJSON, error) {
	if len(raw) > maxJSON {
		return MaskedJSON{}, fmt.Errorf("a JSON value of %d octets is too long for a record", len(raw))
	}
	w := jsonMasker{d: json.NewDecoder(bytes.NewReader(raw)), masker: m}
	w.d.UseNumber()
	if err := w.value(0); err != nil {
		return MaskedJSON{}, err
	}
	if _, err := w.d.Token(); err != io.EOF {
		return MaskedJSON{}, errors.New("something follows the JSON value")
	}
	return MaskedJSON{raw: w.b.Bytes()}, nil
}

// jsonMasker writes a JSON value again with its strings masked.
type jsonMasker struct {
	d      *json.Decoder
	b      bytes.Buffer
	masker *Masker
}

func (w *jsonMasker) value(depth int) error {
	t, err := w.d.Token()
	if err != nil {
		return fmt.Errorf("reading a JSON value: %w", err)
	}
	if depth > maxDepth {
		return errors.New("a JSON value is nested too deep")
	}
	switch t := t.(type) {
	case json.Delim:
		return w.container(t, depth)
	case string:
		return w.text(t)
	case json.Number:
		if shown, found := w.masker.shown[t.String()]; found && len(t) >= shortest {
			return w.text(shown)
		}
		w.b.WriteString(t.String())
	case bool:
		fmt.Fprint(&w.b, t)
	default:
		w.b.WriteString("null")
	}
	return nil
}

// container writes an object or an array whose opening was read.
func (w *jsonMasker) container(open json.Delim, depth int) error {
	w.b.WriteByte(byte(open))
	for n := 0; w.d.More(); n++ {
		if n > 0 {
			w.b.WriteByte(',')
		}
		if open == '{' {
			if err := w.name(); err != nil {
				return err
			}
			w.b.WriteByte(':')
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	end, err := w.d.Token()
	if err != nil {
		return fmt.Errorf("reading a JSON value: %w", err)
	}
	w.b.WriteByte(byte(end.(json.Delim)))
	return nil
}

// name writes the name of a member.
func (w *jsonMasker) name() error {
	t, err := w.d.Token()
	if err != nil {
		return fmt.Errorf("reading a JSON value: %w", err)
	}
	name, ok := t.(string)
	if !ok {
		return errors.New("a name of a JSON object is no string")
	}
	if strings.IndexFunc(name, func(r rune) bool { return r|0x20 < 'a' || r|0x20 > 'z' }) >= 0 {
		return w.text(name)
	}
	data, err := encode(name)
	w.b.Write(data)
	return err
}

func (w *jsonMasker) text(s string) error {
	data, err := encode(w.masker.hide(s))
	w.b.Write(data)
	return err
}

// IsZero tells whether there is no value.
func (m MaskedJSON) IsZero() bool { return len(m.raw) == 0 }

// Bytes gives the value; it may not be changed.
func (m MaskedJSON) Bytes() []byte { return m.raw }

// MarshalJSON gives the value.
func (m MaskedJSON) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return m.raw, nil
}

// UnmarshalJSON reads what MarshalJSON gave.
func (m *MaskedJSON) UnmarshalJSON(data []byte) error {
	m.raw = nil
	if string(data) != "null" {
		m.raw = bytes.Clone(data)
	}
	return nil
}

// encode gives v as JSON on one line, with < > & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
