package dsn

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"strconv"
	"strings"
)

// Part is a MIME entity as it is written (RFC 2045): a body, and the header fields
// that describe it.
type Part struct {
	// MediaType has its parameters.
	MediaType string
	// Encoding is the Content-Transfer-Encoding; empty says nothing of it, as
	// multipart entities do.
	Encoding string
	// Disposition is a whole Content-Disposition; may be empty.
	Disposition string
	// Language is a Content-Language (RFC 3282); may be empty.
	Language string
	// Body is encoded, with CRLF line ends.
	Body string
}

// fields writes the header fields of a part.
func (p *Part) fields(b *Builder) {
	b.Token("Content-Type", p.MediaType)
	for _, f := range [][2]string{
		{"Content-Language", p.Language}, {"Content-Disposition", p.Disposition}, {"Content-Transfer-Encoding", p.Encoding},
	} {
		if f[1] != "" {
			b.Token(f[0], f[1])
		}
	}
}

// Finish adds the fields of the body to a header section and gives the whole
// message.
func (b *Builder) Finish(p Part) ([]byte, error) {
	b.Token("MIME-Version", "1.0")
	p.fields(b)
	if b.err != nil {
		return nil, b.err
	}
	var out bytes.Buffer
	out.Grow(b.b.Len() + len(p.Body) + 2)
	out.WriteString(b.b.String())
	out.WriteString("\r\n")
	out.WriteString(p.Body)
	return out.Bytes(), nil
}

// Readable is what people read: text, and where it is not empty HTML that says the
// same, as a multipart/alternative with the text first (RFC 2046, section 5.1.4).
// The boundary follows from id.
func Readable(id, language, text, html string) Part {
	plain := Part{MediaType: "text/plain; charset=utf-8", Encoding: "quoted-printable", Language: language, Body: quotedPrintable(plainLines(text))}
	if html == "" {
		return plain
	}
	rich := Part{MediaType: "text/html; charset=utf-8", Encoding: "quoted-printable", Language: language, Body: quotedPrintable(html)}
	return Multipart("alternative", "", "readable "+id, plain, rich)
}

// Multipart puts parts together. Parameters, as "report-type=delivery-status", may
// be empty; the boundary follows from id.
func Multipart(subtype, parameters, id string, parts ...Part) Part {
	boundary := newBoundary(id, parts)
	whole := Part{MediaType: "multipart/" + subtype + "; "}
	if parameters != "" {
		whole.MediaType += parameters + "; "
	}
	whole.MediaType += `boundary="` + boundary + `"`
	b := Builder{UTF8: true}
	for i := range parts {
		b.b.WriteString("--" + boundary + "\r\n")
		parts[i].fields(&b)
		b.b.WriteString("\r\n" + parts[i].Body + "\r\n")
		if parts[i].Encoding == "8bit" {
			whole.Encoding = "8bit"
		}
	}
	whole.Body = b.b.String() + "--" + boundary + "--\r\n"
	return whole
}

// File is an attached file. Of its name the last element is taken, in at most 60
// characters; it may be of any characters (RFC 2231).
func File(name, mediaType string, content []byte) Part {
	if _, _, err := mime.ParseMediaType(mediaType); err != nil || !isPrintable(mediaType) || strings.HasPrefix(mediaType, "multipart/") || strings.HasPrefix(mediaType, "message/") {
		mediaType = "application/octet-stream"
	}
	name = cleanText(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if runes := []rune(name); len(runes) > 60 {
		name = string(runes[:30]) + "…" + string(runes[len(runes)-29:])
	}
	p := Part{
		MediaType: mediaType, Encoding: "base64", Body: base64Lines(content),
		Disposition: mime.FormatMediaType("attachment", map[string]string{"filename": name}),
	}
	if p.Disposition == "" {
		p.Disposition = "attachment"
	}
	return p
}

// EmbeddedMessage is a whole message as an attachment: a message/rfc822 where it
// can stand as it is, which is where it is ASCII with lines that any server takes
// (RFC 2046, section 5.2.1, forbids to encode it), otherwise a file whose octets
// are those of the message.
func EmbeddedMessage(name string, message []byte) Part {
	if !sendable(message) {
		return File(name, "application/octet-stream", message)
	}
	p := File(name, "text/plain", nil)
	p.MediaType, p.Encoding, p.Body = "message/rfc822", "7bit", string(message)
	return p
}

// sendable tells whether a message is ASCII with CRLF line ends and lines of at
// most 998 octets (RFC 5321, section 4.5.3.1.6).
func sendable(message []byte) bool {
	line := 0
	for i, c := range message {
		switch {
		case c >= 0x80 || c == 0:
			return false
		case c == '\r' && (i+1 == len(message) || message[i+1] != '\n'):
			return false
		case c == '\n' && (i == 0 || message[i-1] != '\r'):
			return false
		case c == '\n':
			line = 0
			continue
		case c != '\r':
			line++
		}
		if line > 998 {
			return false
		}
	}
	return true
}

// base64Lines encodes octets in lines of 76 characters (RFC 2045, section 6.8).
func base64Lines(content []byte) string {
	text := base64.StdEncoding.EncodeToString(content)
	var b strings.Builder
	b.Grow(len(text) + len(text)/38 + 2)
	for len(text) > goodLine {
		b.WriteString(text[:goodLine] + "\r\n")
		text = text[goodLine:]
	}
	b.WriteString(text + "\r\n")
	return b.String()
}

// newBoundary gives a boundary that is in none of the parts. It follows from an
// identifier that nobody can know before, so that a message is the same octets
// whenever it is composed.
func newBoundary(id string, parts []Part) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(strconv.Itoa(n) + id))
		boundary := "=_" + hex.EncodeToString(sum[:16])
		clash := false
		for i := range parts {
			clash = clash || strings.Contains(parts[i].Body, boundary) || strings.Contains(parts[i].MediaType, boundary)
		}
		if !clash {
			return boundary
		}
	}
}
