//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/smallstep/pkcs7"
)

func publicKey() string {
	return base64.StdEncoding.EncodeToString(signingKey.Public().(ed25519.PublicKey))
}

// verifiers tell whether the signature of the author inside a message is good,
// with libraries that know nothing of Postern.
var verifiers = map[string]func([]byte) error{"smime": verifySMIME, "pgp": verifyPGP}

// section gives header and raw body of a message or body part.
func section(data []byte) (netmail.Header, []byte, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(m.Body)
	return m.Header, body, err
}

// parted gives the parts of a multipart as they stand, octet for octet.
func parted(body []byte, boundary string) [][]byte {
	pieces := bytes.Split(append([]byte("\r\n"), body...), []byte("\r\n--"+boundary))
	var parts [][]byte
	for _, p := range pieces[1:] {
		if bytes.HasPrefix(p, []byte("--")) {
			break
		}
		_, rest, _ := bytes.Cut(p, []byte("\r\n"))
		parts = append(parts, rest)
	}
	return parts
}

// leaf walks into a message until a part of one of some types, through wrappers.
func leaf(data []byte, types ...string) (kind string, params map[string]string, raw, body []byte, err error) {
	h, body, err := section(data)
	if err != nil {
		return "", nil, nil, nil, err
	}
	kind, params, _ = mime.ParseMediaType(h.Get("Content-Type"))
	for _, t := range types {
		if kind == t {
			return kind, params, data, body, nil
		}
	}
	switch {
	case kind == "message/rfc822":
		return leaf(body, types...)
	case strings.HasPrefix(kind, "multipart/"):
		for _, p := range parted(body, params["boundary"]) {
			if kind, params, raw, body, err := leaf(p, types...); err == nil {
				return kind, params, raw, body, nil
			}
		}
	}
	return "", nil, nil, nil, errors.New("there is no such part")
}

func readSample(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata", "actions", "samples", name))
}

func verifySMIME(data []byte) error {
	kind, params, _, body, err := leaf(data, "multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime")
	if err != nil {
		return err
	}
	var signed, signature []byte
	if kind == "multipart/signed" {
		parts := parted(body, params["boundary"])
		if len(parts) != 2 {
			return errors.New("there are not two parts")
		}
		signed = parts[0]
		if _, body, err = section(parts[1]); err != nil {
			return err
		}
	}
	if signature, err = base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(string(body))); err != nil {
		return err
	}
	p, err := pkcs7.Parse(signature)
	if err != nil {
		return err
	}
	if signed != nil {
		p.Content = signed
	}
	certificate, err := readSample("anna.pem")
	if err != nil {
		return err
	}
	block, _ := pem.Decode(certificate)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	return p.VerifyWithChain(roots)
}

func verifyPGP(data []byte) error {
	keys, err := readSample("anna.asc")
	if err != nil {
		return err
	}
	ring, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(keys))
	if err != nil {
		return err
	}
	if _, params, _, body, err := leaf(data, "multipart/signed"); err == nil {
		parts := parted(body, params["boundary"])
		if len(parts) != 2 {
			return errors.New("there are not two parts")
		}
		_, signature, err := section(parts[1])
		if err != nil {
			return err
		}
		_, err = openpgp.CheckArmoredDetachedSignature(ring, bytes.NewReader(parts[0]), bytes.NewReader(signature), nil)
		return err
	}
	_, _, raw, body, err := leaf(data, "text/plain")
	if err != nil {
		return err
	}
	if h, _, err := section(raw); err == nil && strings.EqualFold(h.Get("Content-Transfer-Encoding"), "quoted-printable") {
		if body, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err != nil {
			return err
		}
	}
	block, _ := clearsign.Decode(body)
	if block == nil {
		return errors.New("there is no signed text")
	}
	_, err = block.VerifySignature(ring, nil)
	return err
}
