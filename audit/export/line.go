// Package export hands records on to other programs: to a file of JSON lines, to
// syslog (RFC 5424), and to a web address as signed requests. What is to be sent
// waits in the store; a target that is down keeps nobody from writing records.
package export

import (
	"bytes"
	"strconv"
	"time"
)

// Line is a record as it is exported.
type Line struct {
	// Number is that of the record in the store.
	Number    int64
	Time      time.Time
	Operation string
	Reference string
	QueueID   string
	// Chain is the place of the record in its chain, as node/month/position/value;
	// empty for a record older than the chain.
	Chain string
	// Data is the record, a JSON object.
	Data []byte
}

// JSON gives the line as one JSON object: the record with two members more,
// RecordNumber and Chain.
func (l Line) JSON() []byte {
	data := bytes.TrimSpace(l.Data)
	out := make([]byte, 0, len(data)+len(l.Chain)+50)
	if len(data) < 2 || data[len(data)-1] != '}' {
		out = append(append(out, `{"Record":`...), data...)
	} else {
		out = append(out, bytes.TrimSpace(data[:len(data)-1])...)
	}
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(out, `"RecordNumber":`...)
	out = strconv.AppendInt(out, l.Number, 10)
	if l.Chain != "" {
		out = append(out, `,"Chain":`...)
		out = strconv.AppendQuote(out, l.Chain)
	}
	return append(out, '}')
}
