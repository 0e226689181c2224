package mta

import (
	"path/filepath"
	"strings"
)

// Reinject is the name of the listener that Postern hands mail back to, which a
// milter would see as {daemon_name}.
const Reinject = "REINJECT"

// ReinjectService is the entry of master.cf for the listener that Postern hands mail
// back to: a UNIX socket, so that only who may open it can pass by the milter. Its
// milters are those of the parameter postern_signers, which main.cf must set; the
// after-queue content_filter is that of all mail. The client counts as a local one,
// whose header fields Postfix would complete; local_header_rewrite_clients keeps them
// as they are.
const ReinjectService = `postern-in unix n - y - - smtpd
    -o syslog_name=postfix/postern-in
    -o milter_macro_daemon_name=` + Reinject + `
    -o smtpd_milters=$postern_signers
    -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks
    -o smtpd_client_restrictions=
    -o smtpd_relay_restrictions=permit_mynetworks,reject
    -o smtpd_authorized_xclient_hosts=
    -o local_header_rewrite_clients=
`

// ReinjectPath is the path of the socket that ReinjectService makes.
func (i *Instance) ReinjectPath() string { return filepath.Join(i.QueueDir(), "public", "postern-in") }

// services gives further entries of master.cf, each ended by a line end.
func services(entries []string) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(strings.TrimRight(e, "\n") + "\n")
	}
	return b.String()
}
