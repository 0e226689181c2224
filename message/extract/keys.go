package extract

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"strings"
)

// formatArmor are keys, certificates and encrypted data in the letters of PEM (RFC
// 7468) and OpenPGP (RFC 9580, section 6).
var formatArmor = Format{
	Name:       "PEM and OpenPGP armor",
	MediaTypes: []string{"application/x-pem-file", "application/pgp-encrypted", "application/pgp-keys", "application/pgp-signature"},
	Extensions: []string{"pem", "asc", "crt", "key"},
	Protection: true,
	rank:       byWords,
	plain:      true,
	sniff:      isArmor,
	refine:     refineArmor,
	read:       readArmor,
}

const armorBegin = "-----BEGIN "

// armorLabel is what the first line of armor says it holds; empty for none. Text
// may stand before certificates.
func armorLabel(content []byte) string {
	head := content[:min(len(content), sniffed)]
	if !looksLikeText(head) {
		return ""
	}
	i := bytes.Index(head, []byte(armorBegin))
	if i < 0 || i > 0 && head[i-1] != '\n' {
		return ""
	}
	label, _, found := bytes.Cut(head[i+len(armorBegin):], []byte("-----"))
	if !found || len(label) > 64 || bytes.ContainsAny(label, "\r\n") {
		return ""
	}
	text := string(label)
	if len(bytes.TrimSpace(head[:i])) > 0 && !strings.Contains(text, "CERTIFICATE") && !strings.Contains(text, "PRIVATE KEY") {
		return ""
	}
	return text
}

// isArmor leaves signed text to the format of text: it is meant to be read. Mail
// is text, too, that a key may stand in.
func isArmor(r *reader) bool {
	label := armorLabel(r.content)
	if label == "" || r.hintType() == "text/html" {
		return false
	}
	for _, known := range [...]string{"PGP MESSAGE", "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK", "PGP SIGNATURE", "PGP ARMORED FILE"} {
		if label == known {
			return true
		}
	}
	return strings.Contains(label, "CERTIFICATE") || strings.HasSuffix(label, "KEY") || label == "PKCS7" || label == "CMS" || label == "X509 CRL" || label == "DH PARAMETERS" ||
		label == "EC PARAMETERS" || label == "SSH2 ENCRYPTED PRIVATE KEY"
}

func refineArmor(r *reader) {
	switch label := armorLabel(r.content); {
	case label == "PGP MESSAGE":
		r.doc.MediaType, r.doc.Extension = "application/pgp-encrypted", "asc"
	case strings.HasSuffix(label, "KEY BLOCK"):
		r.doc.MediaType, r.doc.Extension = "application/pgp-keys", "asc"
	case strings.HasPrefix(label, "PGP"):
		r.doc.MediaType, r.doc.Extension = "application/pgp-signature", "asc"
	}
}

func readArmor(r *reader) {
	readText(r)
	switch label := armorLabel(r.content); {
	case label == "PGP MESSAGE":
		r.doc.Encryption = "encrypted with OpenPGP"
		r.fail(Protected, r.doc.Encryption)
	case strings.Contains(label, "ENCRYPTED") && strings.HasSuffix(label, "KEY"),
		bytes.Contains(r.content[:min(len(r.content), sniffed)], []byte("Proc-Type: 4,ENCRYPTED")):
		r.doc.Encryption = "an encrypted private key"
	}
}

// isKeyMaterial tells binary keys, certificates and OpenPGP data by their
// structure. What a reader would see of certificates and public keys are the names
// in them.
func isKeyMaterial(r *reader) bool {
	c := r.content
	if len(c) < 16 || looksLikeText(c) {
		return false
	}
	mediaType, extension, encryption := derKind(c)
	if mediaType == "" {
		mediaType, extension, encryption = openPGPKind(c)
	}
	if mediaType == "" {
		return false
	}
	r.doc.MediaType, r.doc.Extension, r.doc.Encryption = mediaType, extension, encryption
	if encryption != "" {
		r.fail(Protected, encryption)
		return true
	}
	r.write(strings.Join(printableRuns(c, 4), "\n"))
	return true
}

// derKind tells certificates and keys in DER.
func derKind(c []byte) (mediaType, extension, encryption string) {
	const largest = 1 << 20
	if c[0] != 0x30 || len(c) > largest {
		return "", "", ""
	}
	var pfx struct {
		Version int
		Safe    struct {
			Type    asn1.ObjectIdentifier
			Content asn1.RawValue `asn1:"optional"`
		}
		Mac asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(c, &pfx); err == nil && pfx.Version == 3 && len(pfx.Safe.Type) > 4 {
		return "application/x-pkcs12", "pfx", "a store of keys (PKCS #12)"
	}
	if bytes.HasPrefix(c, []byte{0x30, 0x80, 0x02, 0x01, 0x03, 0x30}) { // without lengths
		return "application/x-pkcs12", "pfx", "a store of keys (PKCS #12)"
	}
	if _, err := x509.ParseCertificate(c); err == nil {
		return "application/pkix-cert", "cer", ""
	}
	if _, err := x509.ParseCertificateRequest(c); err == nil {
		return "application/pkcs10", "p10", ""
	}
	if _, err := x509.ParseRevocationList(c); err == nil {
		return "application/pkix-crl", "crl", ""
	}
	if _, err := x509.ParsePKCS8PrivateKey(c); err == nil {
		return "application/pkcs8", "key", ""
	}
	if _, err := x509.ParsePKCS1PrivateKey(c); err == nil {
		return "application/pkcs8", "key", ""
	}
	if _, err := x509.ParseECPrivateKey(c); err == nil {
		return "application/pkcs8", "key", ""
	}
	if _, err := x509.ParsePKIXPublicKey(c); err == nil {
		return "application/x-pem-file", "pub", ""
	}
	var sealed struct {
		Algorithm struct {
			ID         asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Data []byte
	}
	if rest, err := asn1.Unmarshal(c, &sealed); err == nil && len(rest) == 0 && len(sealed.Algorithm.ID) > 4 {
		return "application/pkcs8-encrypted", "key", "an encrypted private key"
	}
	return "", "", ""
}

// openPGPKind tells OpenPGP data by its first packets (RFC 9580, sections 4 and 5).
func openPGPKind(c []byte) (mediaType, extension, encryption string) {
	tag, body, n := openPGPPacket(c)
	if len(body) < 2 {
		return "", "", ""
	}
	more := n == len(c)
	if n < len(c) {
		next, _, _ := openPGPPacket(c[n:])
		more = next > 0
	}
	switch {
	case !more:
	case tag == 1 && (body[0] == 3 || body[0] == 6), tag == 3 && (body[0] >= 4 && body[0] <= 6), tag == 18 && body[0] <= 2 && n == len(c):
		return "application/pgp-encrypted", "pgp", "encrypted with OpenPGP"
	case (tag == 5 || tag == 6) && body[0] >= 3 && body[0] <= 6 && n < len(c):
		return "application/pgp-keys", "pgp", ""
	}
	return "", "", ""
}

// openPGPPacket reads the head of a packet: its kind, its content and its length.
// A packet that goes on behind the end has what is there of it; 0 is no packet.
func openPGPPacket(c []byte) (tag int, body []byte, n int) {
	if len(c) < 3 || c[0]&0x80 == 0 {
		return 0, nil, 0
	}
	head, length := 0, uint64(0)
	if c[0]&0x40 == 0 {
		tag = int(c[0] >> 2 & 0xf)
		size := 1 << (c[0] & 3)
		if size == 8 { // of no stated length
			return tag, c[1:], len(c)
		}
		if len(c) < 1+size {
			return 0, nil, 0
		}
		for _, b := range c[1 : 1+size] {
			length = length<<8 | uint64(b)
		}
		head = 1 + size
	} else {
		tag = int(c[0] & 0x3f)
		switch l := c[1]; {
		case l < 192:
			head, length = 2, uint64(l)
		case l < 224:
			head, length = 3, uint64(l-192)<<8+uint64(c[2])+192
		case l == 255:
			if len(c) < 6 {
				return 0, nil, 0
			}
			head, length = 6, uint64(binary.BigEndian.Uint32(c[2:]))
		default: // in pieces
			return tag, c[2:], len(c)
		}
	}
	if tag == 0 || tag > 21 || uint64(len(c)-head) < length {
		return 0, nil, 0
	}
	return tag, c[head : head+int(length)], head + int(length)
}

// printableRuns gives the runs of at least so many printable ASCII characters or
// valid UTF-8 letters.
func printableRuns(c []byte, least int) []string {
	const most = 10000
	var runs []string
	begin := 0
	for i := 0; i <= len(c) && len(runs) < most; i++ {
		if i < len(c) && (c[i] >= ' ' && c[i] != 0x7f && c[i] < 0x80) {
			continue
		}
		if i-begin >= least {
			runs = append(runs, string(c[begin:i]))
		}
		begin = i + 1
	}
	return runs
}
