package pdf

// Objects are nil, bool, float64, string, name, array, dict, *stream and ref
// (ISO 32000-2, section 7.3).
type (
	name  string // without its slash
	array []any
	dict  map[name]any
	ref   struct{ num, gen int }
	// keyword is an operator, or a delimiter that nothing opened.
	keyword string
)

// stream is a dictionary with octets, as they stand in the file.
type stream struct {
	dict dict
	raw  []byte
	ref  ref // the object that it is, by which it is encrypted
	// encrypted is false for streams that are never encrypted on their own.
	encrypted bool
}

// done is what a lexer gives at the end of its octets.
type done struct{}

// number gives a number as an integer, or 0.
func number(v any) int {
	n, _ := v.(float64)
	const most = 1 << 40
	if n > most {
		return most
	}
	if n < -most {
		return -most
	}
	return int(n)
}

// values of an object tell how much memory it takes.
const mostValues = 1_000_000
