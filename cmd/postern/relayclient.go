package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/postern-mail/postern/relay"
)

// newClient makes the way back to the MTA, with the files that it needs.
func newClient(to relayTo) (*relay.Client, error) {
	opt := relay.Options{Address: to.address, Hostname: hostname(), Username: to.username}
	if to.authorities != "" {
		pem, err := os.ReadFile(to.authorities)
		if err != nil {
			return nil, plainError(err)
		}
		opt.Roots = x509.NewCertPool()
		if !opt.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", to.authorities)
		}
	}
	if to.certificate != "" {
		pair, err := tls.LoadX509KeyPair(to.certificate, to.key)
		if err != nil {
			return nil, plainError(err)
		}
		opt.Certificate = &pair
	}
	if to.passwordFile != "" {
		data, err := readBounded(to.passwordFile)
		if err != nil {
			return nil, err
		}
		if opt.Password = strings.TrimRight(string(data), "\r\n"); opt.Password == "" {
			return nil, fmt.Errorf("%s is empty", to.passwordFile)
		}
	}
	return relay.NewClient(opt)
}
