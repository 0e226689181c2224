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
	"slices"
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

// leaf walks into a message, through wrappers, until a part of one of some types
// that a function takes.
func leaf(data []byte, take func(params map[string]string, raw, body []byte) error, types ...string) error {
	h, body, err := section(data)
	if err != nil {
		return err
	}
	kind, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
	err = errors.New("there is no such part")
	switch {
	case slices.Contains(types, kind):
		return take(params, data, body)
	case kind == "message/rfc822":
		return leaf(body, take, types...)
	case strings.HasPrefix(kind, "multipart/"):
		for _, p := range parted(body, params["boundary"]) {
			if err = leaf(p, take, types...); err == nil {
				return nil
			}
		}
	}
	return err
}

func readSample(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join("testdata", "actions", "samples", name))
}

func verifySMIME(data []byte) error {
	return leaf(data, func(params map[string]string, _, body []byte) error {
		var signed []byte
		if params["boundary"] != "" {
			parts := parted(body, params["boundary"])
			if len(parts) != 2 {
				return errors.New("there are not two parts")
			}
			signed = parts[0]
			var err error
			if _, body, err = section(parts[1]); err != nil {
				return err
			}
		}
		signature, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(string(body)))
		if err != nil {
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
	}, "multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime")
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
	return leaf(data, func(params map[string]string, raw, body []byte) error {
		if params["boundary"] == "" {
			return verifyText(ring, raw, body)
		}
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
	}, "multipart/signed", "text/plain")
}

// verifyText takes a text that is signed in itself.
func verifyText(ring openpgp.KeyRing, raw, body []byte) error {
	h, _, err := section(raw)
	if err != nil {
		return err
	}
	if strings.EqualFold(h.Get("Content-Transfer-Encoding"), "quoted-printable") {
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
