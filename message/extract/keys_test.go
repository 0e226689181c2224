package extract

import (
	"strings"
	"testing"
)

// What a program of another kind made of keys and secrets is told by its
// structure.
func TestKeys(t *testing.T) {
	for _, c := range []struct{ name, content, mediaType, encryption string }{
		{"PGP message in letters", "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n", "application/pgp-encrypted", "encrypted with OpenPGP"},
		{"PGP key in letters", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQEN\n-----END PGP PUBLIC KEY BLOCK-----\n", "application/pgp-keys", ""},
		{"PGP signature", "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n", "application/pgp-signature", ""},
		{"private key", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n", "application/x-pem-file", ""},
		{"certificate behind text", "subject=CN=a\n-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n", "application/x-pem-file", ""},
		{"encrypted private key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----\n", "application/x-pem-file", "an encrypted private key"},
		{"PGP message", "\x85\x00\x0c\x03ABCDEFGH\x01\x02\x03\xd2\x05\x01abcd", "application/pgp-encrypted", "encrypted with OpenPGP"},
		{"PGP message under a password", "\xc3\x04\x04\x09\x00\x08\xd2\x0a\x01\x80bcdefghi", "application/pgp-encrypted", "encrypted with OpenPGP"},
		{"PKCS #12", "\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80", "application/x-pkcs12", "a store of keys (PKCS #12)"},
		{"signed text is text", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n-----BEGIN PGP SIGNATURE-----\n", "text/plain", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.content, Hint{})
			checkDocument(t, d, DefaultLimits)
			if d.MediaType != c.mediaType || d.Encryption != c.encryption {
				t.Errorf("%s, %q", d.MediaType, d.Encryption)
			}
			if strings.HasPrefix(c.content, "-----") && d.Text != c.content {
				t.Errorf("text %q", d.Text)
			}
		})
	}
}
