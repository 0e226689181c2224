package mta

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// SignerSocket is the socket of a Signer in main.cf, relative to the queue directory
// as chrooted services need it: the value for the parameter postern_signers.
const SignerSocket = "unix:opendkim/sign.sock"

// ErrNoSigner is the error of StartSigner where OpenDKIM is not installed.
var ErrNoSigner = errors.New("no OpenDKIM that can be run here")

// Signer is a running OpenDKIM that signs what the instance's milter clients show
// it, with a key of its own.
type Signer struct {
	// Domain and Selector name the key; Record is its TXT record in the domain name
	// system, at Selector._domainkey.Domain.
	Domain, Selector, Record string

	process *Process
}

// StartSigner runs OpenDKIM for mail from a domain, at SignerSocket, and returns
// when it answers. It ends with Stop, or when this process dies.
func (i *Instance) StartSigner(ctx context.Context, domain string) (*Signer, error) {
	program, err := exec.LookPath("opendkim")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/opendkim"); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoSigner, err)
		}
	}
	s := &Signer{Domain: domain, Selector: "test"}
	owner := i.installation.owner
	keys, sockets := filepath.Join(i.Dir, "opendkim"), filepath.Join(i.QueueDir(), "opendkim")
	for _, dir := range []string{keys, sockets} {
		if err := makeDir(dir, 0o700, owner.uid, owner.gid); err != nil {
			return nil, err
		}
	}
	key := filepath.Join(keys, "key.pem")
	if err := s.makeKey(key, owner); err != nil {
		return nil, err
	}
	socket := filepath.Join(sockets, "sign.sock")
	conf := filepath.Join(keys, "opendkim.conf")
	if err := os.WriteFile(conf, []byte(strings.Join([]string{
		"Mode s",
		// The folder lies below the one for temporary files, which anybody may write.
		"RequireSafeKeys no",
		"Domain " + domain,
		"Selector " + s.Selector,
		"KeyFile " + key,
		"Socket local:" + socket,
		"UserID " + owner.name,
		"UMask 007",
		"Canonicalization relaxed/simple",
		"InternalHosts 127.0.0.0/8",
		"Background no",
		"Syslog no",
	}, "\n")+"\n"), 0o644); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.Command(program, "-f", "-x", conf)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, time.Second
	if s.process, err = Bind(cmd); err != nil {
		return nil, err
	}
	try := time.NewTicker(20 * time.Millisecond)
	defer try.Stop()
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case <-s.process.Done():
			return nil, fmt.Errorf("opendkim ended: %s", out.String())
		case <-ctx.Done():
			s.Stop()
			return nil, errors.Join(ctx.Err(), err)
		case <-try.C:
		}
	}
}

// makeKey writes a new key and its record.
func (s *Signer) makeKey(path string, owner account) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	if err := os.Chown(path, owner.uid, owner.gid); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	s.Record = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
	return nil
}

// LookupTXT answers for the one record there is, as net.LookupTXT does.
func (s *Signer) LookupTXT(name string) ([]string, error) {
	if want := s.Selector + "._domainkey." + s.Domain; strings.TrimSuffix(name, ".") != want {
		return nil, fmt.Errorf("no record at %s", name)
	}
	return []string{s.Record}, nil
}

// Stop ends it, at once: asked to end it takes seconds. It may be called twice.
func (s *Signer) Stop() { s.process.Kill() }
