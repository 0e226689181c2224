package extract

import (
	"bytes"
	"compress/zlib"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

func selfSigned(t testing.TB, public, private any) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Ann"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func cmsSignedData(t testing.TB, content string, detached bool) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := pkcs7.NewSignedData([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddSigner(selfSigned(t, &key.PublicKey, key), key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	if detached {
		s.Detach()
	}
	out, err := s.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// cmsCompressedData makes CMS compressed data (RFC 3274).
func cmsCompressedData(t testing.TB, content string) string {
	t.Helper()
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	type info struct {
		Type    asn1.ObjectIdentifier
		Content any `asn1:"explicit,tag:0"`
	}
	type algorithm struct{ ID asn1.ObjectIdentifier }
	type data struct {
		Version   int
		Algorithm algorithm
		Inner     info
	}
	out, err := asn1.Marshal(info{cmsCompressed, data{0, algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 3, 8}},
		info{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, z.Bytes()}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSMIME(t *testing.T) {
	const entity = "Content-Type: text/html\r\n\r\n<b>41</b>11\r\n"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	enveloped, err := pkcs7.Encrypt([]byte(entity), []*x509.Certificate{selfSigned(t, &key.PublicKey, key)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, in, file, text string
		status               Status
		media                string
	}{
		{"signed mail", cmsSignedData(t, entity, false), "smime.p7m", "4111", Complete, "application/pkcs7-mime"},
		{"signed file", cmsSignedData(t, "4111 1111", false), "a.txt.p7m", "4111 1111", Complete, "application/pkcs7-mime"},
		{"signature alone", cmsSignedData(t, entity, true), "smime.p7s", "", Complete, "application/pkcs7-signature"},
		{"compressed mail", cmsCompressedData(t, entity), "smime.p7z", "4111", Complete, "application/pkcs7-mime"},
		{"enveloped mail", string(enveloped), "smime.p7m", "", Protected, "application/pkcs7-mime"},
		{"cut", cmsSignedData(t, entity, false)[:80], "smime.p7m", "", Corrupt, "application/pkcs7-mime"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := extract(c.in, Hint{Name: c.file})
			checkDocument(t, d, DefaultLimits)
			if strings.TrimSpace(allText(d)) != c.text || d.Status != c.status || d.MediaType != c.media || (d.Encryption != "") != (c.status == Protected) {
				t.Errorf("%q, %+v", allText(d), d)
			}
		})
	}
}

func FuzzSMIME(f *testing.F) {
	f.Add([]byte(cmsSignedData(f, "Content-Type: text/plain\r\n\r\nx", false)))
	f.Add([]byte(cmsCompressedData(f, "x")))
	f.Fuzz(func(t *testing.T, content []byte) {
		checkDocument(t, extract(string(content), Hint{Name: "smime.p7m"}), DefaultLimits)
	})
}
