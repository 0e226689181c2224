package embedded

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/postern-mail/postern/quarantine"
)

// saltSize is how many random octets keep a text from being guessed by its digest.
const saltSize = 16

// gapName is the member of an object that stands for a text about people:
// {"~":3} is the fourth.
const gapName = `"~"`

// personalText is one text about people, as JSON. Raw is nil when it was erased.
type personalText struct {
	salt   [saltSize]byte
	raw    []byte
	object bool // it was no string
}

func (p *personalText) digest() [sha256.Size]byte {
	return sha256.Sum256(append(p.salt[:len(p.salt):len(p.salt)], p.raw...))
}

// sealed is a record in the form in which it is kept.
type sealed struct {
	*quarantine.Record
	body    []byte // with gaps
	texts   []personalText
	digests []byte
}

// seal parts the texts about people from a record.
func seal(r *quarantine.Record, privacy func(string) quarantine.Privacy) sealed {
	out, _ := sealPlaces(r, privacy)
	return out
}

// sealPlaces is seal that gives the place of each text too.
func sealPlaces(r *quarantine.Record, privacy func(string) quarantine.Privacy) (sealed, []string) {
	s := splitter{in: r.Data, privacy: privacy, known: map[string]int{}}
	if s.privacy == nil {
		s.privacy = func(string) quarantine.Privacy { return quarantine.Content }
	}
	s.value("")
	salts := make([]byte, saltSize*len(s.texts))
	rand.Read(salts) // never fails (crypto/rand)
	out := sealed{Record: r, body: s.out, texts: s.texts, digests: make([]byte, 0, sha256.Size*len(s.texts))}
	for i := range out.texts {
		copy(out.texts[i].salt[:], salts[i*saltSize:])
		d := out.texts[i].digest()
		out.digests = append(out.digests, d[:]...)
	}
	return out, s.places
}

// splitter walks over valid JSON and writes it again with gaps.
type splitter struct {
	in      []byte
	at      int
	out     []byte
	privacy func(place string) quarantine.Privacy
	texts   []personalText
	places  []string       // one of each text
	known   map[string]int // texts already met
}

func (s *splitter) space() {
	for s.at < len(s.in) && (s.in[s.at] == ' ' || s.in[s.at] == '\t' || s.in[s.at] == '\n' || s.in[s.at] == '\r') {
		s.at++
	}
}

// next gives the octet that is due, which is consumed; valid JSON has one.
func (s *splitter) next() byte {
	s.space()
	if s.at >= len(s.in) {
		return 0
	}
	s.at++
	return s.in[s.at-1]
}

// text consumes a string and gives it as it is written.
func (s *splitter) text() []byte {
	s.space()
	from := s.at
	for s.at++; s.at < len(s.in) && s.in[s.at] != '"'; s.at++ {
		if s.in[s.at] == '\\' {
			s.at++
		}
	}
	s.at = min(s.at+1, len(s.in))
	return s.in[from:s.at]
}

func (s *splitter) value(place string) {
	s.space()
	if s.at >= len(s.in) {
		return
	}
	switch c := s.in[s.at]; c {
	case '"':
		text := s.text()
		if s.privacy(place) == quarantine.Open {
			s.out = append(s.out, text...)
		} else {
			s.gap(place, text)
		}
	case '{', '[':
		s.container(place, c)
	default:
		from := s.at
		for s.at < len(s.in) && bytes.IndexByte([]byte(",]} \t\r\n"), s.in[s.at]) < 0 {
			s.at++
		}
		s.out = append(s.out, s.in[from:s.at]...)
	}
}

// container writes an object or a list. One that is content as a whole becomes a
// gap, and so does an object that looks like one.
func (s *splitter) container(place string, open byte) {
	from, kept, texts := s.at, len(s.out), len(s.texts)
	whole := s.privacy(place) == quarantine.Whole
	s.out = append(s.out, s.next())
	for n := 0; ; n++ {
		s.space()
		if s.at >= len(s.in) || s.in[s.at] == '}' || s.in[s.at] == ']' {
			break
		}
		if n > 0 {
			s.out = append(s.out, s.next()) // the comma
		}
		inner := place
		if open == '{' {
			name := s.text()
			whole = whole || string(name) == gapName
			s.out = append(s.out, name...)
			s.out = append(s.out, s.next()) // the colon
			if inner = string(name[1 : len(name)-1]); place != "" {
				inner = place + "." + inner
			}
		}
		s.value(inner)
	}
	s.out = append(s.out, s.next())
	if whole {
		for _, t := range s.texts[texts:] {
			delete(s.known, string(t.raw))
		}
		s.out, s.texts, s.places = s.out[:kept], s.texts[:texts], s.places[:texts]
		s.gap(place, s.in[from:s.at])
	}
}

func (s *splitter) gap(place string, raw []byte) {
	n, known := s.known[string(raw)]
	if !known {
		n = len(s.texts)
		s.known[string(raw)] = n
		s.texts = append(s.texts, personalText{raw: raw, object: raw[0] != '"'})
		s.places = append(s.places, place)
	} else if s.privacy(place) == quarantine.Sender {
		s.places[n] = place // the sender may be a recipient too
	}
	s.out = append(s.out, `{"~":`...)
	s.out = strconv.AppendInt(s.out, int64(n), 10)
	s.out = append(s.out, '}')
}

// fill gives a body with its gaps filled.
func fill(body []byte, texts []personalText) (json.RawMessage, error) {
	out := make([]byte, 0, 2*len(body))
	for {
		before, rest, found := bytes.Cut(body, []byte(`{"~":`))
		out = append(out, before...)
		if !found {
			return out, nil
		}
		number, after, closed := bytes.Cut(rest, []byte("}"))
		n, err := strconv.Atoi(string(number))
		if err != nil || !closed || n < 0 || n >= len(texts) {
			return nil, fmt.Errorf("%w: a record lacks a text", quarantine.ErrCorrupt)
		}
		switch t := &texts[n]; {
		case t.raw != nil:
			out = append(out, t.raw...)
		case t.object:
			out = append(out, `{"`+quarantine.ErasedText+`":true}`...)
		default:
			out = append(out, `"`+quarantine.ErasedText+`"`...)
		}
		body = after
	}
}

// The first octet of a text in a row.
const (
	rowErased byte = iota
	rowErasedObject
	rowText
)

// packTexts gives texts as a row keeps them.
func packTexts(texts []personalText) []byte {
	out := []byte{}
	for i := range texts {
		t := &texts[i]
		switch {
		case t.raw != nil:
			out = append(append(out, rowText), t.salt[:]...)
			out = append(binary.AppendUvarint(out, uint64(len(t.raw))), t.raw...)
		case t.object:
			out = append(out, rowErasedObject)
		default:
			out = append(out, rowErased)
		}
	}
	return out
}

// unpackTexts reads what packTexts gave.
func unpackTexts(row []byte) ([]personalText, error) {
	var texts []personalText
	for len(row) > 0 {
		var t personalText
		kind := row[0]
		row = row[1:]
		switch kind {
		case rowErased:
		case rowErasedObject:
			t.object = true
		case rowText:
			if len(row) < saltSize {
				return nil, errTexts
			}
			copy(t.salt[:], row)
			size, n := binary.Uvarint(row[saltSize:])
			if n <= 0 || size == 0 || size > uint64(len(row)-saltSize-n) {
				return nil, errTexts
			}
			row = row[saltSize+n:]
			t.raw, row = row[:size], row[size:]
			t.object = t.raw[0] != '"'
		default:
			return nil, errTexts
		}
		texts = append(texts, t)
	}
	return texts, nil
}

var errTexts = fmt.Errorf("%w: the texts of a record cannot be read", quarantine.ErrCorrupt)
