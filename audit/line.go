package audit

import (
	"encoding/json"
	"fmt"
)

// maxLine is the longest record that is read, in octets.
const maxLine = 64 << 20

// Marshal gives the record as one line of JSON without a line end; the same record
// gives the same octets.
func Marshal(r Record) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return encode(r)
}

// Parse reads what Marshal wrote. Fields it does not know are passed over, so that
// records of later versions can be read.
func Parse(line []byte) (Record, error) {
	if len(line) > maxLine {
		return Record{}, fmt.Errorf("a record of %d octets is too long", len(line))
	}
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return Record{}, fmt.Errorf("reading an audit record: %w", err)
	}
	return checked(r)
}
