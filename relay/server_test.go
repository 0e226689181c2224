package relay_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/relay"
)

// server is an SMTP server that keeps the octets of each session and answers as a
// test has it.
type server struct {
	address string // for relay.Options
	// answer gives the reply to a command line, to "CONNECT", or to "." for the end
	// of the content. An empty one closes the connection; "-" says nothing at all.
	answer func(line string) string
	tls    *tls.Config
	// deaf, when not nil, is waited for before any content is read.
	deaf chan struct{}

	mu       sync.Mutex
	sessions []*session
}

type session struct {
	commands []string
	data     []byte // behind DATA, as it came, the final dot included
	tls      tls.ConnectionState
}

// extensions are those of Postfix that matter here.
const extensions = "250-mx.example.com\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES"

// polite takes everything, except for commands that begin with one of the
// prefixes given, each with its reply.
func polite(exceptions ...string) func(string) string {
	return func(line string) string {
		for i := 0; i+1 < len(exceptions); i += 2 {
			if strings.HasPrefix(strings.ToUpper(line), strings.ToUpper(exceptions[i])) {
				return exceptions[i+1]
			}
		}
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "CONNECT":
			return "220 mx.example.com ESMTP"
		case "EHLO":
			return extensions
		case "DATA":
			return "354 go on"
		case ".":
			return "250 2.0.0 Ok: queued as 4ABC12"
		case "QUIT":
			return "221 2.0.0 bye"
		default:
			return "250 2.1.0 Ok"
		}
	}
}

func serve(t *testing.T, network string, config *tls.Config, answer func(string) string) *server {
	t.Helper()
	listen := "127.0.0.1:0"
	if network == "unix" {
		listen = filepath.Join(t.TempDir(), "in")
	}
	l, err := net.Listen(network, listen)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{address: network + ":" + l.Addr().String(), answer: answer, tls: config}
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() {
				defer conn.Close()
				s.session(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		sessions.Wait()
	})
	return s
}

func (s *server) session(conn net.Conn) {
	kept := &session{}
	s.mu.Lock()
	s.sessions = append(s.sessions, kept)
	s.mu.Unlock()
	say := func(reply string) bool {
		switch reply {
		case "":
			return false
		case "-":
			return true
		}
		_, err := io.WriteString(conn, reply+"\r\n")
		return err == nil
	}
	if !say(s.answer("CONNECT")) {
		return
	}
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		s.mu.Lock()
		kept.commands = append(kept.commands, line)
		s.mu.Unlock()
		reply := s.answer(line)
		if !say(reply) {
			return
		}
		switch {
		case line == "DATA" && strings.HasPrefix(reply, "354"):
			if s.deaf != nil {
				<-s.deaf
			}
			var data bytes.Buffer
			for !bytes.HasSuffix(data.Bytes(), []byte("\r\n.\r\n")) && !bytes.Equal(data.Bytes(), []byte(".\r\n")) {
				c, err := r.ReadByte()
				if err != nil {
					return
				}
				data.WriteByte(c)
			}
			s.mu.Lock()
			kept.data = data.Bytes()
			s.mu.Unlock()
			if !say(s.answer(".")) {
				return
			}
		case line == "STARTTLS" && strings.HasPrefix(reply, "220"):
			secure := tls.Server(conn, s.tls)
			if secure.Handshake() != nil {
				return
			}
			s.mu.Lock()
			kept.tls = secure.ConnectionState()
			s.mu.Unlock()
			conn, r = secure, bufio.NewReader(secure)
		case line == "QUIT":
			return
		}
	}
}

// only gives the one session there was.
func (s *server) only(t *testing.T) session {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sessions) != 1 {
		t.Fatalf("%d sessions, want 1", len(s.sessions))
	}
	return *s.sessions[0]
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// client makes a client of a server with times that suit a test.
func (s *server) client(t *testing.T, change ...func(*relay.Options)) *relay.Client {
	t.Helper()
	opt := relay.Options{Address: s.address, Hostname: "postern.example.com"}
	for _, f := range change {
		f(&opt)
	}
	c, err := relay.NewClient(opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// text is a mail's content.
func text(s string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

// to makes recipients.
func to(addresses ...string) []relay.Recipient {
	var all []relay.Recipient
	for i, a := range addresses {
		all = append(all, relay.Recipient{Index: i, Address: a})
	}
	return all
}

// authority makes certificates for tests.
type authority struct {
	pool *x509.CertPool
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

// certificate is one for both ends.
func (a *authority) certificate(t *testing.T, name string, addresses ...net.IP) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: addresses,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
