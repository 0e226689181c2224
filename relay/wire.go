package relay

import (
	"bytes"
	"io"
)

// wireWriter writes lines as SMTP has them, each ended by CRLF and without any
// other CR or LF, whatever pieces they come in. Dots are left to what lies below.
type wireWriter struct {
	w   io.Writer
	buf []byte
	// cr is set while the last octet was a CR and the next is not known.
	cr bool
	// inLine is set behind an octet that ends no line.
	inLine bool
}

func (w *wireWriter) Write(p []byte) (int, error) {
	n := len(p)
	out := w.buf[:0]
	if w.cr && n > 0 {
		out = w.afterCR(out, p[0] == '\n')
		if p[0] == '\n' {
			p = p[1:]
		}
	}
	for len(p) > 0 {
		i := bytes.IndexAny(p, "\r\n")
		if i < 0 {
			out, w.inLine = append(out, p...), true
			break
		}
		if i > 0 {
			out, w.inLine = append(out, p[:i]...), true
		}
		c := p[i]
		p = p[i+1:]
		switch {
		case c == '\n':
			out, w.inLine = append(out, "\r\n"...), false
		case len(p) == 0:
			w.cr = true
		default:
			out = w.afterCR(out, p[0] == '\n')
			if p[0] == '\n' {
				p = p[1:]
			}
		}
	}
	w.buf = out
	if len(out) == 0 {
		return n, nil
	}
	if _, err := w.w.Write(out); err != nil {
		return 0, err
	}
	return n, nil
}

// afterCR writes what a CR stands for: a line end before LF, a blank otherwise.
func (w *wireWriter) afterCR(out []byte, lf bool) []byte {
	w.cr, w.inLine = false, !lf
	if lf {
		return append(out, "\r\n"...)
	}
	return append(out, ' ')
}

// end completes the last line.
func (w *wireWriter) end() error {
	var out []byte
	if w.cr {
		out = w.afterCR(out, false)
	}
	if w.inLine {
		out = append(out, "\r\n"...)
		w.inLine = false
	}
	if len(out) == 0 {
		return nil
	}
	_, err := w.w.Write(out)
	return err
}

// measure is where a first reading of a message ends.
type measure struct {
	size int64
	// eightBit is set when any octet is above 127.
	eightBit bool
	// utf8Header is set when the header section holds an octet above 127.
	utf8Header bool

	body bool
	line int // octets of the current line so far
}

func (m *measure) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	n := len(p)
	for _, c := range p {
		if c >= 0x80 {
			m.eightBit = true
			break
		}
	}
	for !m.body && len(p) > 0 {
		line, _, ended := bytes.Cut(p, []byte("\n"))
		for _, c := range line {
			if c >= 0x80 {
				m.utf8Header = true
			}
		}
		m.line += len(line)
		if !ended {
			break
		}
		// Lines end with CRLF here, so the blank one is its CR.
		m.body = m.line <= 1
		m.line = 0
		p = p[len(line)+1:]
	}
	return n, nil
}
