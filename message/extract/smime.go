package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/asn1"
	"path"
	"strings"

	"github.com/smallstep/pkcs7"
)

var formatCMS = Format{
	Name:       "S/MIME and CMS",
	MediaTypes: []string{"application/pkcs7-mime", "application/pkcs7-signature"},
	Extensions: []string{"p7m", "p7s", "p7z"},
	Nested:     true,
	Protection: true,
	rank:       bySignature,
	sniff:      func(r *reader) bool { return cmsType(r.content) != nil },
	read:       readCMS,
}

// The content types of CMS (RFC 5652; RFC 3274 for compressed data; RFC 5083 for
// authenticated enveloped data) as they stand in DER.
var (
	cmsSigned     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	cmsEnveloped  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	cmsEncrypted  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	cmsCompressed = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 9}
	cmsAuth       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 23}
)

// cmsType gives the content type of a CMS structure in BER, nil for none.
func cmsType(content []byte) asn1.ObjectIdentifier {
	const shortest = 13
	if len(content) < shortest || content[0] != 0x30 {
		return nil
	}
	// The length is in the short form, the long one or left open.
	at := 2
	if n := int(content[1]); n > 0x80 && n <= 0x84 {
		at += n - 0x80
	}
	if at >= len(content) || content[at] != 0x06 {
		return nil
	}
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(content[at:min(len(content), at+32)], &oid); err != nil {
		return nil
	}
	for _, known := range []asn1.ObjectIdentifier{cmsSigned, cmsEnveloped, cmsEncrypted, cmsCompressed, cmsAuth} {
		if oid.Equal(known) {
			return oid
		}
	}
	return nil
}

// readCMS keeps what is signed or compressed as a member. What is encrypted needs
// a secret.
func readCMS(r *reader) {
	switch oid := cmsType(r.content); {
	case oid.Equal(cmsSigned):
		p, err := pkcs7.Parse(r.content)
		switch {
		case err != nil:
			r.fail(Corrupt, "damaged signed data")
		case len(p.Content) == 0:
			// A signature that stands beside what it signs, or certificates alone.
			r.doc.MediaType, r.doc.Extension = "application/pkcs7-signature", "p7s"
		default:
			r.cmsContent(p.Content)
		}
	case oid.Equal(cmsCompressed):
		r.decompressed()
	default:
		r.doc.Encryption = "encrypted with S/MIME"
		r.fail(Protected, "encrypted with S/MIME")
	}
}

// cmsContent keeps the content: a MIME entity in mail, a file otherwise, as in
// "invoice.pdf.p7m".
func (r *reader) cmsContent(content []byte) {
	hint := Hint{}
	if ext := strings.ToLower(path.Ext(r.hint.Name)); ext == ".p7m" || ext == ".p7s" || ext == ".p7z" {
		hint.Name = r.hint.Name[:len(r.hint.Name)-len(ext)]
	}
	if head := strings.ToLower(string(content[:min(len(content), 16)])); strings.HasPrefix(head, "content-") || strings.HasPrefix(head, "mime-version:") {
		hint = Hint{MediaType: "message/rfc822"}
	}
	r.member(hint, content)
}

// decompressed reads compressed data: the octets of zlib stand in the innermost
// string.
func (r *reader) decompressed() {
	i := bytes.Index(r.content, []byte{0x78, 0x9c})
	for _, other := range [][]byte{{0x78, 0xda}, {0x78, 0x01}, {0x78, 0x5e}} {
		if j := bytes.Index(r.content, other); j >= 0 && (i < 0 || j < i) {
			i = j
		}
	}
	if i < 0 {
		r.fail(Corrupt, "damaged compressed data")
		return
	}
	z, err := zlib.NewReader(bytes.NewReader(r.content[i:]))
	if err != nil {
		r.fail(Corrupt, "damaged compressed data")
		return
	}
	r.unpack(Hint{MediaType: "message/rfc822"}, z, int64(len(r.content)-i), -1)
}
