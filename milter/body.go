package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// maxPiece is the most octets of a body in one frame that every MTA takes
// (MILTER_CHUNK_SIZE of libmilter).
const maxPiece = 65535

var errSecondBody = errors.New("the body is replaced twice")

// replaceBody gives the message another body. It is not copied: it is sent with the
// other frames of the step, and may not change before.
func (g *guard) replaceBody(body []byte) error {
	if g.replace {
		return errSecondBody
	}
	g.bulk, g.bulkAt, g.replace = body, len(g.out), true
	return nil
}

// sendOut sends what was gathered. The pieces of a body follow each other: Postfix
// gives up a session in which something stands between them.
func (g *guard) sendOut() error {
	if !g.replace {
		return g.send(g.out)
	}
	before, body, behind := g.out[:g.bulkAt], g.bulk, g.out[g.bulkAt:]
	g.bulk, g.replace = nil, false
	if len(before) > 0 {
		if err := g.send(before); err != nil {
			return err
		}
	}
	frame := make([]byte, 0, 5+min(len(body), maxPiece))
	for first := true; first || len(body) > 0; first = false {
		n := piece(body)
		frame = binary.BigEndian.AppendUint32(frame[:0], uint32(1+n))
		frame = append(append(frame, respBody), body[:n]...)
		if err := g.send(frame); err != nil {
			return err
		}
		body = body[n:]
	}
	if len(behind) == 0 {
		return nil
	}
	return g.send(behind)
}

// piece gives how much of a body the next frame holds: whole lines where it can.
func piece(body []byte) int {
	if len(body) <= maxPiece {
		return len(body)
	}
	if end := bytes.LastIndexByte(body[:maxPiece], '\n'); end >= 0 {
		return end + 1
	}
	return maxPiece
}
