package export

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Facilities are those of RFC 5424, by their usual names.
var Facilities = map[string]int{
	"kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9,
	"authpriv": 10, "ftp": 11, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
}

// Bounds of a message, in octets: RFC 5424 asks every receiver to take 480 and most
// to take 2048; what goes over UDP must fit into a datagram (RFC 5426).
const (
	MinLength     = 480
	DefaultLength = 8192
	DefaultUDP    = 2048
	MaxLength     = 65_000
)

// SyslogOptions say where messages go and what stands in them.
type SyslogOptions struct {
	// Network is udp, tcp, tls or unix; Address a host with a port, or a path.
	Network, Address string
	TLS              *tls.Config // for tls
	Facility         int
	// Hostname and ProcID are what messages name as their origin.
	Hostname, ProcID string
	// Length is the longest message in octets: 480 to 65000.
	Length int
}

// Syslog sends messages as RFC 5424 has them: over UDP one in a datagram (RFC 5426),
// over TCP and TLS with octet counting (RFC 6587, RFC 5425), and to the socket of the
// local syslog one in a datagram.
type Syslog struct {
	opts SyslogOptions
	conn net.Conn
	gone *atomic.Bool // the other side has closed the connection; nil without one
}

// NewSyslog gives a target. It is connected at the first message.
func NewSyslog(opts SyslogOptions) *Syslog { return &Syslog{opts: opts} }

// Times that a connection may take.
const (
	dialTime  = 10 * time.Second
	writeTime = 30 * time.Second
)

// Send sends lines. Over TCP and TLS it returns when the other side's kernel has
// them; over UDP nobody can know whether they came.
func (s *Syslog) Send(ctx context.Context, lines []Line) (int, error) {
	if s.gone != nil && s.gone.Load() {
		_ = s.Close()
	}
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return 0, err
		}
	}
	if err := s.write(ctx, lines); err != nil {
		_ = s.Close()
		return 0, err
	}
	return len(lines), nil
}

func (s *Syslog) dial(ctx context.Context) error {
	d := &net.Dialer{Timeout: dialTime}
	var err error
	switch s.opts.Network {
	case "tls":
		s.conn, err = (&tls.Dialer{NetDialer: d, Config: s.opts.TLS}).DialContext(ctx, "tcp", s.opts.Address)
	case "unix":
		if s.conn, err = d.DialContext(ctx, "unixgram", s.opts.Address); err != nil {
			return fmt.Errorf("no datagrams are taken there: %w", err)
		}
	default:
		s.conn, err = d.DialContext(ctx, s.opts.Network, s.opts.Address)
	}
	if err != nil {
		s.conn = nil
		return err
	}
	s.gone = &atomic.Bool{}
	if s.stream() {
		// Nobody answers in this protocol: what comes is the end, or a refusal of TLS.
		go func(c net.Conn, gone *atomic.Bool) {
			b := make([]byte, 512)
			for {
				if _, err := c.Read(b); err != nil {
					gone.Store(true)
					return
				}
			}
		}(s.conn, s.gone)
	}
	return nil
}

func (s *Syslog) stream() bool { return s.opts.Network == "tcp" || s.opts.Network == "tls" }

func (s *Syslog) write(ctx context.Context, lines []Line) error {
	deadline := time.Now().Add(writeTime)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := s.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	var out []byte
	for _, l := range lines {
		m := s.opts.Message(l)
		if !s.stream() {
			if _, err := s.conn.Write(m); err != nil {
				return err
			}
			continue
		}
		out = append(append(strconv.AppendInt(out, int64(len(m)), 10), ' '), m...)
	}
	if !s.stream() {
		return nil
	}
	if _, err := s.conn.Write(out); err != nil {
		return err
	}
	return s.arrived(ctx, deadline)
}

// arrived waits until everything written is acknowledged by the other side's kernel:
// what a connection had in hand when it broke is not lost then.
func (s *Syslog) arrived(ctx context.Context, deadline time.Time) error {
	c := s.conn
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	raw, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	sc, err := raw.SyscallConn()
	if err != nil {
		return err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		var queued int
		var failed error
		if err := sc.Control(func(fd uintptr) { queued, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); err != nil {
			return err
		}
		switch {
		case s.gone.Load():
			return errors.New("the other side has closed the connection")
		case failed != nil:
			return failed
		case queued == 0:
			return nil
		case time.Now().After(deadline):
			return errors.New("the other side does not take what is sent")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Close ends the connection.
func (s *Syslog) Close() error {
	c := s.conn
	s.conn = nil
	if c == nil {
		return nil
	}
	return c.Close()
}

// Severities of RFC 5424.
const (
	severityWarning = 4
	severityNotice  = 5
	severityInfo    = 6
)

func severityOf(operation string) int {
	switch operation {
	case "MessageFailed", "PolicyRefused", "NoticeNotSent", "MonitoringChanged", "AlertTriggered":
		return severityWarning
	case "DlpRuleMatch", "PersonErased", "ItemExported", "ItemReleased", "ItemDeleted":
		return severityNotice
	}
	return severityInfo
}

// sdID names our structured data. The number is the one that RFC 5612 sets aside for
// documentation: Postern has none of its own.
const sdID = "postern@32473"

// Message gives a line as a message: its structured data hold number, reference,
// queue identifier and place in the chain, its text is the record as JSON. Of a
// record that is too long the longest parts are left out and Truncated is set.
func (o *SyslogOptions) Message(l Line) []byte {
	head := fmt.Appendf(nil, "<%d>1 %s %s postern %s %s [%s", o.Facility*8+severityOf(l.Operation),
		l.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), token(o.Hostname, 255), token(o.ProcID, 128), token(l.Operation, 32), sdID)
	for _, p := range [][2]string{{"number", strconv.FormatInt(l.Number, 10)}, {"reference", l.Reference}, {"queueId", l.QueueID}, {"chain", l.Chain}} {
		if p[1] != "" {
			head = append(append(append(append(head, ' '), p[0]...), `="`...), param(p[1], 100)...)
			head = append(head, '"')
		}
	}
	head = append(head, "] "...)
	const mark = "\ufeff" // before a text that is UTF-8 and more than ASCII
	room := o.Length - len(head) - len(mark)
	text := shortened(l.Data, room)
	if slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf }) {
		head = append(head, mark...)
	}
	return append(head, text...)
}

// token gives a field of the header: printable ASCII without spaces, or "-".
func token(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// param gives the value of a parameter of structured data, escaped.
func param(s string, most int) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case most == 0:
			return b.String()
		case r < ' ' || r >= 0x7f && r < 0xa0:
			b.WriteByte('?')
		case r == '"' || r == '\\' || r == ']':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		most--
	}
	return b.String()
}

// parts are what is left out of a record that is too long, the longest first.
var parts = []string{"Explain", "Signals", "PolicyDetails", "Policies", "Forks", "ExchangeMetaData", "Relay", "Item", "Notice", "Retry", "Error", "Alert", "ExceptionInfo"}

// core are the members that stay.
var core = []string{"CreationTime", "Id", "Operation", "Reference", "UserKey"}

// shortened gives a record in at most n octets, without control characters.
func shortened(data []byte, n int) []byte {
	text := withoutControls(data)
	if len(text) <= n {
		return text
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return []byte(`{"Truncated":true}`)
	}
	members["Truncated"] = json.RawMessage("true")
	for _, drop := range parts {
		delete(members, drop)
		if text := encoded(members); len(text) <= n {
			return text
		}
	}
	for name := range members {
		if name != "Truncated" && (!slices.Contains(core, name) || len(members[name]) > 100) {
			delete(members, name)
		}
	}
	if text := encoded(members); len(text) <= n {
		return text
	}
	return []byte(`{"Truncated":true}`)
}

func encoded(members map[string]json.RawMessage) []byte {
	text, err := json.Marshal(members)
	if err != nil {
		return []byte(`{"Truncated":true}`)
	}
	return withoutControls(text)
}

// withoutControls writes out control characters that JSON allows, and such as end a
// line in some eyes.
func withoutControls(data []byte) []byte {
	plain := true
	for _, c := range data {
		plain = plain && c >= ' ' && c < 0x7f
	}
	if plain {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	for _, r := range string(data) {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			out = append(out, ' ') // between members: within a text they are escaped
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff':
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
