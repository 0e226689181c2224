package edit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
)

// alterable tells whether the text of a part and of those below it may be changed:
// an error where anything outside of embedded messages is signed or encrypted, or
// a multipart is one that readers may take in different ways.
func (d *Draft) alterable(n *node, root bool) error {
	if p := n.part; p != nil {
		if why := guarded(p, root); why != "" {
			return UnalterableError{why}
		}
		if root || p.IsMultipart() {
			if err := certain(p); err != nil {
				return err
			}
			if p.IsMultipart() && (n.pieces == nil || d.endsDiffer(n)) {
				return UnalterableError{Ambiguous}
			}
		}
	}
	if n.mediaType == wrapped {
		return nil
	}
	for _, c := range n.children() {
		if err := d.alterable(c, false); err != nil {
			return err
		}
	}
	return nil
}

// endsDiffer tells whether line ends of another kind than those of the message
// stand around the delimiters of a multipart: not all readers see such.
func (d *Draft) endsDiffer(n *node) bool {
	for _, p := range n.pieces {
		if p.child != nil {
			continue
		}
		all, crlf := bytes.Count(p.raw, []byte("\n")), bytes.Count(p.raw, []byte("\r\n"))
		if d.nl == "\n" && crlf > 0 || d.nl != "\n" && crlf < all {
			return true
		}
	}
	return false
}

// certain tells whether all readers take a part alike, an unknown character set
// aside.
func certain(p *message.Part) error {
	for _, notice := range p.Met() {
		switch notice.Signal {
		case message.SignalIncomplete:
			return UnalterableError{Incomplete}
		case message.SignalUninspectable:
			return UnalterableError{Incomplete}
		case message.SignalDefect:
			if notice.Detail != message.UnknownCharset {
				return UnalterableError{Ambiguous}
			}
		}
	}
	return nil
}

// guarded tells what keeps a part from being changed, or nothing: S/MIME (RFC
// 8551), PGP (RFC 3156), rights management, and fragments (RFC 2046, section
// 5.2.2).
func guarded(p *message.Part, root bool) Reason {
	switch t := p.MediaType; t {
	case "multipart/signed":
		return Signed
	case "multipart/encrypted", "application/pgp-encrypted", "application/x-microsoft-rpmsg-message":
		return Encrypted
	case "application/pgp":
		return Signed
	case "message/partial":
		return Incomplete
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		switch {
		case strings.EqualFold(p.Params["smime-type"], "certs-only") && !root:
			return "" // certificates handed on
		case slices.ContainsFunc(p.Met(), func(n message.Notice) bool { return n.Signal == message.SignalEncrypted }):
			return Encrypted
		}
		return Signed
	}
	if p.IsMultipart() || strings.HasPrefix(p.MediaType, "text/") {
		return ""
	}
	for _, name := range p.Names {
		name = strings.ToLower(name)
		switch {
		case strings.HasSuffix(name, ".rpmsg"):
			return Encrypted
		case strings.HasSuffix(name, ".p7m"):
			// S/MIME by its name (RFC 8551, section 3.2.1): the parser has not looked.
			if data, err := p.Content(); err == nil && bytes.Contains(data[:min(len(data), 64)], signedData) {
				return Signed
			}
			return Encrypted
		}
	}
	return ""
}

// signedData is the object identifier of CMS signed-data (RFC 5652, section 5.1).
var signedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

// armoured tells whether a text holds a PGP message that is signed or encrypted
// within it (RFC 9580, sections 6.2 and 7).
func armoured(text []byte, html bool) Reason {
	for head, why := range map[string]Reason{"-----BEGIN PGP MESSAGE": Encrypted, "-----BEGIN PGP SIGNED MESSAGE-----": Signed} {
		for rest := text; ; {
			i := bytes.Index(rest, []byte(head))
			if i < 0 {
				break
			}
			if html || i == 0 || rest[i-1] == '\n' || rest[i-1] == '\r' {
				return why
			}
			rest = rest[i+len(head):]
		}
	}
	return ""
}
