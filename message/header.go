package message

// Field is one header field as received.
type Field struct {
	// Name is the field name in the case received, without blanks around it.
	Name string
	// Value is everything behind the colon as received, leading blanks and folds
	// included, without the line end that closes the field. Folds are LF or CRLF
	// and a blank, as they came.
	Value string
}

// Header is a header section: fields in the order received, repetitions
// included.
type Header []Field
