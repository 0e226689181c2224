package message

import (
	"bytes"
	"strconv"
)

// otherReadings adds below a leaf what other mail readers may make of it: the
// other encodings and types its fields name. They are leaves of the same name.
func (w *walker) otherReadings(p *Part, m *mimeFields) {
	for _, e := range m.encodings {
		if e != p.encoding {
			w.reading(p, p.raw, e)
		}
	}
	for _, t := range m.leafTypes {
		if t != p.MediaType && (t == "text/html" || p.MediaType == "text/html") {
			if alt := w.reading(p, p.raw, p.encoding); alt != nil {
				alt.MediaType = t
			}
		}
	}
	if p.encoding == base64Encoding {
		if rest := behindShortLine(p.raw); rest != nil {
			w.note(p, SignalDefect, "a short line before the base64")
			w.reading(p, rest, base64Encoding)
		}
	}
}

// reading adds a leaf that is p read in another way, unless a limit is met.
func (w *walker) reading(p *Part, raw []byte, e encoding) *Part {
	if w.members >= w.msg.limits.Members {
		w.note(p, SignalIncomplete, limitMembers)
		return nil
	}
	w.members++
	alt := &Part{Index: p.Index + "." + strconv.Itoa(len(p.Children)+1), Header: p.Header, MediaType: p.MediaType, Params: p.Params,
		Disposition: p.Disposition, Names: p.Names, msg: w.msg, raw: raw, encoding: e, embedded: p.embedded, another: true}
	p.Children = append(p.Children, alt)
	return alt
}

// behindShortLine gives base64 without a first line that may be a word: readers
// that wait for the data begin behind it, all others take it for data, and what
// one of them reads is noise to the other. It is nil where the lines are those of
// an encoder.
func behindShortLine(raw []byte) []byte {
	const short, long = 20, 24
	for range 8 {
		raw = bytes.TrimLeft(raw, "\r\n")
		line, next := lineTail(raw, 0)
		after := bytes.TrimLeft(raw[next:], "\r\n")
		second, _ := lineTail(after, 0)
		switch {
		case len(line) >= short || len(second) == 0 || !pureBase64(bytes.TrimSpace(line)):
			return nil
		case len(second) >= long && pureBase64(bytes.TrimSpace(second)):
			return after
		}
		raw = after
	}
	return nil
}
