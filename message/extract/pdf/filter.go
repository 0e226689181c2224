package pdf

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// ErrLimited is data of which a limit left a part, and ErrUnknown data that is
// compressed in a way that is not known.
var (
	ErrLimited = errors.New("a limit was met")
	ErrUnknown = errors.New("an unknown filter")
)

var (
	errDamaged = errors.New("damaged data")
	errPicture = errors.New("a picture")
	errLocked  = errors.New("encrypted data")
)

const (
	// A stream may have this many filters, one behind the other.
	mostFilters = 8
	// A stream may have this many octets.
	mostStream = 64 << 20
	// Beyond ratioFrom octets, data may be ratioMost times as large as it was
	// compressed.
	ratioFrom, ratioMost = 8 << 20, 400
)

// filters gives the filters of a stream with their parameters.
func (f *File) filters(s *stream) (names []name, parms []dict) {
	filter := f.get(either(s.dict, "Filter", "F"))
	params := f.get(either(s.dict, "DecodeParms", "DP"))
	switch x := filter.(type) {
	case name:
		return []name{x}, []dict{f.dict(first(params))}
	case array:
		list, _ := params.(array)
		for i, v := range x[:min(len(x), mostFilters+1)] {
			names = append(names, f.name(v))
			var p dict
			if i < len(list) {
				p = f.dict(list[i])
			} else if d, ok := params.(dict); ok && len(x) == 1 {
				p = d
			}
			parms = append(parms, p)
		}
	}
	return names, parms
}

// either gives the value of the first key that has one.
func either(d dict, keys ...name) any {
	for _, k := range keys {
		if v, ok := d[k]; ok {
			return v
		}
	}
	return nil
}

func first(v any) any {
	if a, ok := v.(array); ok && len(a) > 0 {
		return a[0]
	}
	return v
}

// decode gives the octets of a stream without their filters (section 7.4), as
// many as can be had. The error says why there are not all of them.
func (f *File) decode(s *stream) ([]byte, error) {
	names, parms := f.filters(s)
	data := s.raw
	if f.lock != nil && s.encrypted {
		var ok bool
		if data, ok = f.lock.stream(f, s, names, parms); !ok {
			return nil, errLocked
		}
	}
	var fault error
	for i, n := range names {
		if i >= mostFilters {
			return nil, ErrUnknown
		}
		if f.expired() {
			return nil, ErrLimited
		}
		var err error
		switch n {
		case "FlateDecode", "Fl":
			data, err = f.inflate(data)
			data = f.unpredict(data, parms[i])
		case "LZWDecode", "LZW":
			early := 1
			if v, ok := f.get(parms[i]["EarlyChange"]).(float64); ok {
				early = int(v)
			}
			data, err = f.expand(data, func(room *bytes.Buffer) error { return unLZW(data, early, room, f) })
			data = f.unpredict(data, parms[i])
		case "ASCII85Decode", "A85":
			data = unASCII85(data)
		case "ASCIIHexDecode", "AHx":
			l := lexer{data: data, pos: -1}
			data = []byte(l.hex())
		case "RunLengthDecode", "RL":
			data, err = f.expand(data, func(room *bytes.Buffer) error { return unRunLength(data, room, f) })
		case "Crypt":
		case "DCTDecode", "DCT", "CCITTFaxDecode", "CCF", "JBIG2Decode", "JPXDecode":
			return data, errPicture
		default:
			return nil, ErrUnknown
		}
		if err != nil {
			fault = err
		}
	}
	return data, fault
}

// spend counts octets that came out of a filter, of which there were before.
func (f *File) spend(n, packed, all int) error {
	if f.budget.Inflated != nil && !f.budget.Inflated(n) {
		f.end("more compressed data than the limit")
		return ErrLimited
	}
	// The rest of the file may be as it should.
	if all > mostStream {
		f.cut = "a larger stream than the limit"
		return ErrLimited
	}
	if all > max(ratioFrom, ratioMost*max(packed, 1)) {
		f.cut = "compressed beyond belief"
		return ErrLimited
	}
	if f.expired() {
		return ErrLimited
	}
	return nil
}

// expand runs a filter that makes more of its octets.
func (f *File) expand(packed []byte, run func(*bytes.Buffer) error) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(min(2*len(packed), 1<<20))
	err := run(&out)
	return out.Bytes(), err
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate undoes the Flate filter. The checksum is of no interest.
func (f *File) inflate(packed []byte) ([]byte, error) {
	rest := packed
	for len(rest) > 0 && (rest[0] == '\r' || rest[0] == '\n') {
		rest = rest[1:]
	}
	if len(rest) < 2 {
		if len(packed) == 0 {
			return nil, nil
		}
		return nil, errDamaged
	}
	if rest[0]&15 == 8 && (int(rest[0])<<8|int(rest[1]))%31 == 0 || rest[0] == 'H' || rest[0] == 'x' {
		rest = rest[2:]
	}
	z := inflaters.Get().(io.ReadCloser)
	defer func() {
		_ = z.(flate.Resetter).Reset(bytes.NewReader(nil), nil)
		inflaters.Put(z)
	}()
	_ = z.(flate.Resetter).Reset(bytes.NewReader(rest), nil)
	out := make([]byte, 0, min(max(4*len(rest), 512), 1<<20))
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := z.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if over := f.spend(n, len(packed), len(out)); over != nil {
			return out, over
		}
		switch {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return out, errDamaged
		}
	}
}

// unpredict undoes the predictor of a filter (section 7.4.4.4).
func (f *File) unpredict(data []byte, p dict) []byte {
	predictor := f.number(p["Predictor"])
	if predictor < 2 {
		return data
	}
	size := func(key name, usual int) int {
		if n := f.number(p[key]); n > 0 && n < 1<<24 {
			return n
		}
		return usual
	}
	colors, bits, columns := min(size("Colors", 1), 64), min(size("BitsPerComponent", 8), 32), size("Columns", 1)
	row, step := (colors*bits*columns+7)/8, max(1, colors*bits/8)
	if predictor == 2 {
		if bits == 8 {
			for rest := data; len(rest) >= row; rest = rest[row:] {
				for i := step; i < row; i++ {
					rest[i] += rest[i-step]
				}
			}
		}
		return data
	}
	out := make([]byte, 0, len(data))
	var above []byte
	for len(data) > 1 {
		kind := data[0]
		line := data[1:min(len(data), row+1)]
		data = data[1+len(line):]
		begin := len(out)
		out = append(out, line...)
		line = out[begin:]
		for i := range line {
			var left, up, corner byte
			if i >= step {
				left = line[i-step]
			}
			if i < len(above) {
				up = above[i]
				if i >= step {
					corner = above[i-step]
				}
			}
			switch kind {
			case 1:
				line[i] += left
			case 2:
				line[i] += up
			case 3:
				line[i] += byte((int(left) + int(up)) / 2)
			case 4:
				line[i] += paeth(left, up, corner)
			}
		}
		above = line
	}
	return out
}

// paeth is the predictor of PNG that goes by the nearest of three octets.
func paeth(a, b, c byte) byte {
	pa, pb, pc := int(b)-int(c), int(a)-int(c), int(a)+int(b)-2*int(c)
	pa, pb, pc = max(pa, -pa), max(pb, -pb), max(pc, -pc)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

// unLZW undoes the LZW filter (section 7.4.4). early is 1 when codes grow one
// code early.
func unLZW(data []byte, early int, out *bytes.Buffer, f *File) error {
	const clearCode, endCode, most = 256, 257, 4096
	var prefix [most]uint16
	var suffix, head [most]byte
	var length [most]uint16
	for i := range 256 {
		suffix[i], head[i], length[i] = byte(i), byte(i), 1
	}
	next, width, last := endCode+1, 9, -1
	bits, have := 0, 0
	var word [most]byte
	counted := 0
	for _, c := range data {
		bits, have = bits<<8|int(c), have+8
		if have < width {
			continue
		}
		have -= width
		code := bits >> have & (1<<width - 1)
		bits &= 1<<have - 1
		switch {
		case code == clearCode:
			next, width, last = endCode+1, 9, -1
			continue
		case code == endCode:
			return f.spend(out.Len()-counted, len(data), out.Len())
		case code > next || code == next && last < 0:
			return errDamaged
		}
		if last >= 0 && next < most {
			begins := code
			if code == next {
				begins = last
			}
			prefix[next], suffix[next], head[next], length[next] = uint16(last), head[begins], head[last], length[last]+1
			next++
		} else if code >= next {
			return errDamaged
		}
		n := int(length[code])
		for i, at := n-1, code; i >= 0; i-- {
			word[i] = suffix[at]
			at = int(prefix[at])
		}
		out.Write(word[:n])
		last = code
		if next+early >= 1<<width && width < 12 {
			width++
		}
		if out.Len()-counted > 64<<10 {
			if err := f.spend(out.Len()-counted, len(data), out.Len()); err != nil {
				return err
			}
			counted = out.Len()
		}
	}
	return f.spend(out.Len()-counted, len(data), out.Len())
}

// unRunLength undoes the RunLength filter (section 7.4.5).
func unRunLength(data []byte, out *bytes.Buffer, f *File) error {
	size := len(data)
	for len(data) > 0 && data[0] != 128 {
		n := int(data[0])
		data = data[1:]
		if n < 128 {
			n = min(n+1, len(data))
			out.Write(data[:n])
			data = data[n:]
		} else if len(data) > 0 {
			out.Write(bytes.Repeat(data[:1], 257-n))
			data = data[1:]
		}
	}
	return f.spend(out.Len(), size, out.Len())
}

// unASCII85 undoes the ASCII85 filter (section 7.4.3).
func unASCII85(data []byte) []byte {
	out := make([]byte, 0, len(data)*4/5+4)
	var group uint32
	n := 0
	data = bytes.TrimPrefix(bytes.TrimLeft(data, "\x00\t\n\f\r "), []byte("<~"))
	for _, c := range data {
		switch {
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
		case c >= '!' && c <= 'u':
			group = group*85 + uint32(c-'!')
			if n++; n == 5 {
				out = append(out, byte(group>>24), byte(group>>16), byte(group>>8), byte(group))
				group, n = 0, 0
			}
		case c == '~':
			data = nil
		}
		if data == nil {
			break
		}
	}
	if n > 1 {
		for i := n; i < 5; i++ {
			group = group*85 + 84
		}
		for i := range n - 1 {
			out = append(out, byte(group>>(24-8*i)))
		}
	}
	return out
}
