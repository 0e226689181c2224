package mta

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Socket is the milter's socket in main.cf, relative to the queue directory as
// chrooted services need it.
const Socket = "unix:postern/milter.sock"

// The names of the default listeners, which the milter sees as {daemon_name}.
const (
	MX         = "MX"
	Submission = "SUBMISSION"
)

// Listener is one smtpd service on a loopback port.
type Listener struct {
	Name string
	// Params override main.cf for this listener, as "smtpd_milters=".
	Params []string
}

// Options say what instance is made. The zero value is an instance without a
// milter that discards what it takes.
type Options struct {
	// Dir is the folder of the instance, made when missing and kept by Stop. Every
	// user must be able to reach it. Empty makes one below the system's directory
	// for temporary files, which Stop removes.
	Dir string
	// Listeners are MX and SUBMISSION when empty.
	Listeners []Listener
	// Milter is the value of smtpd_milters and non_smtpd_milters, as Socket or
	// "inet:127.0.0.1:8891"; empty is no milter.
	Milter string
	// Sink is the host:port that all mail is handed to by SMTP; empty discards it.
	Sink string
	// ContentTimeout is milter_content_timeout; 0 is Postfix's default of 300 s.
	ContentTimeout time.Duration
	// Refuse are recipients that are answered "550 5.1.1 User unknown".
	Refuse []string
	// Params are further lines of main.cf, as "in_flow_delay=0".
	Params []string
	// Services are further entries of master.cf, as ReinjectService.
	Services []string
}

// MainCF gives the text of main.cf.
func (i *Instance) mainCF(opt Options) string {
	in := i.installation
	lines := []string{
		"compatibility_level = 2",
		"queue_directory = " + i.QueueDir(),
		"data_directory = " + filepath.Join(i.Dir, "data"),
		"command_directory = " + in.commands,
		"daemon_directory = " + in.daemons,
		"meta_directory = " + i.ConfigDir(),
		"sendmail_path = " + filepath.Join(in.commands, "sendmail"),
		"mail_owner = " + in.owner.name,
		"setgid_group = " + in.group,
		"default_privs = nobody",
		"syslog_name = " + filepath.Base(i.Dir),
		"maillog_file_prefixes = " + i.Dir,
		"maillog_file = " + i.LogFile(),

		"myhostname = mail.example.com",
		"mydomain = example.com",
		"myorigin = example.com",
		"mydestination =",
		"local_recipient_maps =",
		"alias_maps =",
		"alias_database =",
		"inet_interfaces = loopback-only",
		"inet_protocols = ipv4",
		"mynetworks = 127.0.0.0/8",
		"smtp_dns_support_level = disabled",
		"smtp_host_lookup = native",
		"smtpd_peername_lookup = no",
		"smtpd_tls_security_level = none",
		"smtp_tls_security_level = none",
		"smtputf8_enable = yes",
		// Nothing leaves this machine: whatever is taken goes to the sink.
		"smtpd_relay_before_recipient_restrictions = yes",
		"smtpd_relay_restrictions = check_client_access static:ok, reject",
		"smtpd_authorized_xclient_hosts = 127.0.0.0/8",

		"message_size_limit = 104857600",
		"mailbox_size_limit = 0",
		"smtpd_recipient_limit = 1000",
		"default_process_limit = 100",
		// All recipients of a message reach the sink in one transaction.
		"default_destination_recipient_limit = 1000",
		"smtpd_client_connection_count_limit = 0",
		"smtpd_client_connection_rate_limit = 0",
		"smtpd_error_sleep_time = 0",
		"smtpd_soft_error_limit = 1000",
		"smtpd_hard_error_limit = 1000",
		"queue_run_delay = 5s",
		"minimal_backoff_time = 5s",
		"maximal_backoff_time = 10s",

		"milter_protocol = 6",
		"milter_default_action = tempfail",
	}
	if in.libraries != "" {
		lines = append(lines,
			"shlib_directory = "+in.libraries,
			"import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH="+in.libraries,
			"export_environment = MAIL_CONFIG LANG LD_LIBRARY_PATH")
	}
	if opt.Milter != "" {
		lines = append(lines, "smtpd_milters = "+opt.Milter, "non_smtpd_milters = "+opt.Milter)
	}
	if opt.ContentTimeout > 0 {
		lines = append(lines, fmt.Sprintf("milter_content_timeout = %ds", max(1, int(opt.ContentTimeout/time.Second))))
	}
	if opt.Sink != "" {
		host, port, _ := strings.Cut(opt.Sink, ":")
		lines = append(lines, fmt.Sprintf("relayhost = [%s]:%s", host, port))
	} else {
		lines = append(lines, "default_transport = discard:", "relay_transport = discard:")
	}
	if len(opt.Refuse) > 0 {
		var b strings.Builder
		for _, r := range opt.Refuse {
			fmt.Fprintf(&b, " { %s = 550 5.1.1 User unknown }", r)
		}
		lines = append(lines, "smtpd_recipient_restrictions = check_recipient_access inline:{"+b.String()+" }")
	}
	return strings.Join(append(lines, opt.Params...), "\n") + "\n"
}

// MasterCF gives the text of master.cf: the services of Debian's, with the same
// ones chrooted. Pickup looks every five seconds, so that a test need not wait a
// minute for mail that was deferred.
func (i *Instance) masterCF(listeners []Listener) string {
	var b strings.Builder
	for _, l := range listeners {
		fmt.Fprintf(&b, "%s inet n - y - - smtpd\n    -o milter_macro_daemon_name=%s\n", i.addr[l.Name], l.Name)
		for _, p := range l.Params {
			fmt.Fprintf(&b, "    -o { %s }\n", p)
		}
	}
	b.WriteString(`pickup    unix  n       -       y       5       1       pickup
cleanup   unix  n       -       y       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       y       1000?   1       tlsmgr
rewrite   unix  -       -       y       -       -       trivial-rewrite
bounce    unix  -       -       y       -       0       bounce
defer     unix  -       -       y       -       0       bounce
trace     unix  -       -       y       -       0       bounce
verify    unix  -       -       y       -       1       verify
flush     unix  n       -       y       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       y       -       -       smtp
relay     unix  -       -       y       -       -       smtp
showq     unix  n       -       y       -       -       showq
error     unix  -       -       y       -       -       error
retry     unix  -       -       y       -       -       error
discard   unix  -       -       y       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       y       -       -       lmtp
anvil     unix  -       -       y       -       1       anvil
scache    unix  -       -       y       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`)
	return b.String()
}
