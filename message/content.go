package message

import (
	"bytes"
	"sync"

	"github.com/postern-mail/postern/message/charset"
)

// contentCache holds the decoded content of a part once it was asked for.
type contentCache struct {
	mu      sync.Mutex
	done    bool
	data    []byte
	err     error
	notices []Notice
}

// Content gives the decoded octets of a leaf (Content-Transfer-Encoding
// undone), decoded once; of an embedded message those of the message as it
// stands, of a multipart those of its body. An error means that memory and disk
// are used up. Damage is no error: what can be decoded is given, and noticed by
// Notices. The octets are valid until the message is closed and may not be
// changed.
func (p *Part) Content() ([]byte, error) {
	c := &p.content
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.data, c.err = p.decode()
		if !p.container && !p.another && charset.Contradicts(c.data, p.Charset()) {
			c.notices = append(c.notices, Notice{p.Name(), SignalDefect, "a byte order mark that contradicts the character set"})
		}
		c.done = true
	}
	return c.data, c.err
}

// Notices gives what was met while the content was decoded, in order. It is
// empty until Content was called; what was met while parsing is in
// Message.Notices and not here.
func (p *Part) Notices() []Notice {
	p.content.mu.Lock()
	defer p.content.mu.Unlock()
	return p.content.notices
}

// Size is the size of the decoded content in octets; of an embedded message as
// it stands. Where it cannot be decoded it is the size as received.
func (p *Part) Size() int64 {
	data, err := p.Content()
	if err != nil {
		return int64(len(p.raw))
	}
	return int64(len(data))
}

// decode undoes the transfer encoding. The caller holds the lock of the cache.
func (p *Part) decode() ([]byte, error) {
	if p.encoding == identity || len(p.raw) == 0 {
		return p.raw, nil
	}
	data, dm, err := p.msg.decode(p.raw, p.encoding)
	if err != nil {
		return nil, err
	}
	if !p.another {
		p.content.notices = append(p.content.notices, dm.notices(p.Name())...)
	}
	if !p.container && hasArmour(data) {
		p.content.notices = append(p.content.notices, Notice{p.Name(), SignalEncrypted, detailArmour})
	}
	return data, nil
}

func (d damage) notices(part string) []Notice {
	var n []Notice
	if d.defect != "" {
		n = append(n, Notice{part, SignalDefect, d.defect})
	}
	if d.unreadable != "" {
		n = append(n, Notice{part, SignalUnreadable, d.unreadable})
	}
	return n
}

// decode undoes an encoding into room of the message.
func (m *Message) decode(raw []byte, e encoding) ([]byte, damage, error) {
	most := len(raw)
	var prose bool
	switch e {
	case base64Encoding:
		if n := proseBefore(raw); n > 0 {
			raw = raw[n:]
			prose = true
		}
		most = len(raw)/4*3 + 6
	case uuEncoding:
		// A line of n characters gives at most n-1 octets of content and three.
		most = len(raw) + 64
	}
	k, err := m.block(most)
	if err != nil {
		return nil, damage{}, err
	}
	var dm damage
	switch e {
	case base64Encoding:
		k.data, dm = decodeBase64(k.data, raw)
		if prose {
			dm.note("prose before the base64")
		}
		if twiceEncoded(k.data) {
			dm.note("base64 within base64")
		}
	case quotedPrintable:
		k.data, dm = decodeQuotedPrintable(k.data, raw)
	case uuEncoding:
		k.data, dm = decodeUU(k.data, raw)
	}
	return k.data, dm, nil
}

// twiceEncoded tells whether decoded octets begin like base64 once more.
func twiceEncoded(data []byte) bool {
	const least, most = 200, 1024
	if len(data) < least {
		return false
	}
	for _, c := range data[:min(len(data), most)] {
		if b64Table[c] == b64Foreign || c == ' ' || c == '\t' {
			return false
		}
	}
	return true
}

const detailArmour = "a PGP message"

var armour = []byte("-----BEGIN PGP MESSAGE-----")

// hasArmour tells whether a line of data begins an encrypted PGP message (RFC
// 9580, section 6.2).
func hasArmour(data []byte) bool {
	for {
		i := bytes.Index(data, armour)
		if i < 0 {
			return false
		}
		if i == 0 || data[i-1] == '\n' || data[i-1] == '\r' {
			return true
		}
		data = data[i+len(armour):]
	}
}
