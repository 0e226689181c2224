// Package slapd makes and runs private instances of OpenLDAP's server for tests:
// each with its own configuration and database below one folder, on a UNIX socket
// and on loopback ports, with a certificate of its own. No system service and no
// file of the system's slapd is touched.
package slapd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrNotHere is the error of New where slapd cannot be run.
var ErrNotHere = errors.New("no slapd that can be run here: install the packages slapd and ldap-utils")

// What every instance has.
const (
	Suffix   = "dc=example,dc=com"
	AdminDN  = "cn=admin," + Suffix
	Password = "synthetic-password"
)

// patience bounds starting and ending.
const patience = 20 * time.Second

// Server is one instance. Its methods are for one goroutine.
type Server struct {
	// Dir holds everything; it is the caller's to remove.
	Dir string
	// Authorities is the file of the certificate that signed the server's.
	Authorities string

	slapd, slapadd string
	socket         string
	plain, secure  int // ports
	process        *exec.Cmd
	ended          chan struct{}
}

// find gives the path of a program that Debian keeps out of the PATH of most
// users.
func find(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	p := "/usr/sbin/" + name
	if _, err := os.Stat(p); err != nil {
		return "", ErrNotHere
	}
	return p, nil
}

// New makes an instance below dir and fills its database with entries in LDIF,
// those of the suffix and what is below it. It is not started yet.
func New(ctx context.Context, dir, ldif string) (*Server, error) {
	s := &Server{Dir: dir, socket: filepath.Join(dir, "ldapi")}
	var err error
	if s.slapd, err = find("slapd"); err != nil {
		return nil, err
	}
	if s.slapadd, err = find("slapadd"); err != nil {
		return nil, err
	}
	if s.plain, s.secure, err = ports(); err != nil {
		return nil, err
	}
	if s.Authorities, err = certify(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "database"), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "slapd.conf"), []byte(configuration(dir)), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "test.schema"), []byte(testSchema), 0o600); err != nil {
		return nil, err
	}
	return s, s.Add(ctx, ldif)
}

// Add adds entries to the database of an instance that does not run.
func (s *Server) Add(ctx context.Context, ldif string) error {
	add := exec.CommandContext(ctx, s.slapadd, "-q", "-f", filepath.Join(s.Dir, "slapd.conf"))
	add.Stdin = strings.NewReader(ldif)
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("slapadd: %w: %s", err, out)
	}
	return nil
}

// ports finds two that are free.
func ports() (a, b int, err error) {
	for _, p := range []*int{&a, &b} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, 0, err
		}
		defer l.Close()
		*p = l.Addr().(*net.TCPAddr).Port
	}
	return a, b, nil
}

// configuration is that of slapd.conf(5). Writes are not synced: a test loses
// nothing.
func configuration(dir string) string {
	return fmt.Sprintf(`
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/misc.schema
include /etc/ldap/schema/dyngroup.schema
include %[1]s/test.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/slapd.pid
sizelimit 500
threads 4
TLSCACertificateFile %[1]s/ca.pem
TLSCertificateFile %[1]s/cert.pem
TLSCertificateKeyFile %[1]s/key.pem
database mdb
maxsize 268435456
suffix "%[2]s"
rootdn "%[3]s"
rootpw "%[4]s"
directory %[1]s/database
dbnosync
index objectClass eq
index mail,uid,mailAlternateAddress,proxyAddresses,sAMAccountName eq
index member,uniqueMember,memberUid,cn,departmentNumber eq
limits dn.exact="cn=reader,%[2]s" size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,%[2]s" read by * none
`, dir, Suffix, AdminDN, Password)
}

// testSchema gives people and groups the attributes that mail servers add, and
// those of Active Directory as far as the tests have them.
const testSchema = `
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.1 NAME 'mailAlternateAddress' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.2 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.3 NAME 'userRisk' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.4 NAME 'company' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.5 NAME 'department' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.7 NAME 'otherTelephone' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.8 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.9 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.10 NAME 'extensionAttribute1' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.11 NAME 'extensionAttribute7' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.12 NAME 'objectSid' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.13 NAME 'primaryGroupID' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.14 NAME 'objectCategory' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.15 NAME 'msExchDynamicDLFilter' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.11.77.1.16 NAME 'msExchDynamicDLBaseDN' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.4203.666.11.77.2.1 NAME 'mailPerson' SUP top AUXILIARY MAY ( mail $ mailAlternateAddress $ proxyAddresses $ userRisk $ extensionAttribute7 $ displayName $ c ) )
objectclass ( 1.3.6.1.4.1.4203.666.11.77.2.2 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( c $ info $ company $ department $ otherTelephone $ sAMAccountName $ userPrincipalName $ proxyAddresses $ objectSid $ primaryGroupID $ objectCategory $ extensionAttribute1 ) )
objectclass ( 1.3.6.1.4.1.4203.666.11.77.2.3 NAME 'contact' SUP inetOrgPerson STRUCTURAL MAY ( proxyAddresses $ objectCategory ) )
objectclass ( 1.3.6.1.4.1.4203.666.11.77.2.4 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( mail $ displayName $ proxyAddresses $ sAMAccountName $ objectSid $ member ) )
objectclass ( 1.3.6.1.4.1.4203.666.11.77.2.5 NAME 'msExchDynamicDistributionList' SUP top STRUCTURAL MUST cn MAY ( mail $ displayName $ proxyAddresses $ msExchDynamicDLFilter $ msExchDynamicDLBaseDN ) )
`

// ReaderDN may read everything, and nobody else may read anything. Its entry is
// among those of [Base].
const ReaderDN = "cn=reader," + Suffix

// Base gives the LDIF of the suffix, of the reader, and of entries for people and
// groups.
func Base() string {
	return fmt.Sprintf(`dn: %[1]s
objectClass: domain
dc: example

dn: %[2]s
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: %[3]s

dn: ou=people,%[1]s
objectClass: organizationalUnit
ou: people

dn: ou=groups,%[1]s
objectClass: organizationalUnit
ou: groups

`, Suffix, ReaderDN, Password)
}

// URL is that without TLS, or with StartTLS; SecureURL that with TLS from the
// beginning; SocketURL that of the UNIX socket.
func (s *Server) URL() string { return fmt.Sprintf("ldap://127.0.0.1:%d", s.plain) }

// SecureURL is that with TLS from the beginning.
func (s *Server) SecureURL() string { return fmt.Sprintf("ldaps://127.0.0.1:%d", s.secure) }

// SocketURL is that of the UNIX socket.
func (s *Server) SocketURL() string { return "ldapi://" + s.socket }

// Start runs the server and returns when it answers.
func (s *Server) Start() error {
	urls := strings.Join([]string{s.URL(), s.SecureURL(), "ldapi://" + strings.ReplaceAll(s.socket, "/", "%2F")}, " ")
	cmd := exec.Command(s.slapd, "-f", filepath.Join(s.Dir, "slapd.conf"), "-h", urls, "-d", "0")
	log, err := os.OpenFile(filepath.Join(s.Dir, "slapd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process, s.ended = cmd, make(chan struct{})
	go func() {
		// How it ended is in its log.
		_ = cmd.Wait()
		close(s.ended)
	}()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.plain))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.ended:
			text, _ := os.ReadFile(filepath.Join(s.Dir, "slapd.log"))
			return fmt.Errorf("slapd ended: %s", text)
		case <-time.After(5 * time.Millisecond):
		}
	}
	s.Stop()
	return errors.New("slapd does not answer")
}

// Stop ends the server, if it runs, and returns when it is gone.
func (s *Server) Stop() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.process.Process.Kill()
		<-s.ended
	}
	s.process = nil
}

// Freeze stops the server from answering while its connections stay open; Thaw
// lets it go on.
func (s *Server) Freeze() error { return s.process.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw() error { return s.process.Process.Signal(syscall.SIGCONT) }
