package audit

// Value is a text found in a message, as classify.Value: it prints masked and can
// be revealed.
type Value interface {
	String() string
	Reveal() string
}

// Masked is text that may stand in a record. It is made of values that mask
// themselves, or of text together with the values to be hidden in it.
type Masked struct{ text string }

// Mask gives a value as it prints.
func Mask(v Value) Masked { panic("skeleton") }

// MaskText gives text in which every occurrence of the values is masked. Text that
// is no part of a message is given without values.
func MaskText(text string, values ...Value) Masked { panic("skeleton") }

// String gives the masked text.
func (m Masked) String() string { return m.text }

// MaskedJSON is a JSON value that may stand in a record.
type MaskedJSON struct{ raw []byte }

// MaskJSON gives a JSON value in whose strings every occurrence of the values is
// masked.
func MaskJSON(raw []byte, values ...Value) (MaskedJSON, error) { panic("skeleton") }
