// Package classify finds sensitive information in text: it sees text, never
// mail. Types are data files; all are compiled into one catalogue that goes over
// a text once.
package classify

// Type is a sensitive information type.
type Type struct {
	Name    string // as shown
	ID      string // a GUID, or "postern:slug"
	Aliases []string
	// Recommended is the confidence used where a rule names none, 1 to 100.
	Recommended int
	compiled    *compiledType
}

type compiledType struct{}

// Value is a matched text. It prints masked, whatever verb or encoding is
// used, so that it cannot leave by accident; Reveal gives it in clear.
type Value struct{ text string }

// String gives the value masked: at most the last four characters and a quarter
// of the value are shown.
func (v Value) String() string { panic("skeleton") }

// Reveal gives the value in clear.
func (v Value) Reveal() string { return v.text }

// Match is one instance: a primary element with the evidence of a pattern.
type Match struct {
	Offset, Length int // in Unicode characters of the text
	Confidence     int // of the best pattern, 1 to 100
	Value          Value
	// Key is equal for instances that count once: a keyed digest of the normalised value,
	// without meaning beyond the process.
	Key string
}

// Detection holds the instances of one type in one text.
type Detection struct {
	Type    *Type
	Matches []Match // in order of offset
}

// Count gives the instances and the unique ones with a confidence from min to
// max (both included), and the highest confidence among them.
func Count(matches []Match, min, max int) (count, unique, confidence int) { panic("skeleton") }

// Catalog is a set of types compiled to be looked for together. It is safe for
// concurrent use.
type Catalog struct{}

// Builtin gives the catalogue of the types built in.
func Builtin() *Catalog { panic("skeleton") }

// Lookup finds a type by name or alias, compared without case, or by GUID.
func (c *Catalog) Lookup(nameOrID string) (*Type, bool) { panic("skeleton") }

// Types lists the types by name.
func (c *Catalog) Types() []*Type { panic("skeleton") }

// Scan looks for types in a text, which is one item: neither evidence nor
// proximity leaves it. wanted names the types needed; nil is all.
func (c *Catalog) Scan(text string, wanted map[*Type]bool) []Detection { panic("skeleton") }

// Words is a list of words and phrases compiled to be looked for together:
// compared without case, delimited by the ends of the text, white space or
// punctuation (Exchange "Words"). It is safe for concurrent use.
type Words struct{}

// NewWords compiles words. It fails on an empty word.
func NewWords(words []string) (*Words, error) { panic("skeleton") }

// Find gives the first word found in the text, as it was written in the list.
func (w *Words) Find(text string) (word string, found bool) { panic("skeleton") }
