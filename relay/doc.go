// Package relay is SMTP out: it hands the mail of the outbox, which is re-injected
// and released messages and notices, to a mail server, and keeps trying until each
// recipient's mail was taken, refused for good, or expired.
//
// [Client] makes one SMTP transaction of one [Mail]: through the UNIX socket of an
// smtpd of the same machine, or by TCP with STARTTLS, verified certificates and
// AUTH. [Worker] leases what is due from an [Outbox], sends it, and has the outbox
// record what became of each recipient. [Received] writes the trace field of a
// message that came by a milter session.
//
// # The octets sent
//
// What the server gets is the fields that [Mail] puts in front, then the content
// octet for octet, with these exceptions, which keep the end of the message from
// being mistaken (RFC 5321, sections 2.3.8 and 4.1.1.4):
//
//   - a bare LF becomes CRLF;
//   - a bare CR becomes one blank, as Postfix does with it
//     (cleanup_replace_stray_cr_lf); two readers can no longer differ over it, and no
//     header field, boundary or dot comes into being that was none before;
//   - a last line without a line end gets one.
//
// NUL and octets above 127 pass as they are, and lines of any length stay whole:
// Postfix takes them. A server that does not announce 8BITMIME gets octets above 127
// all the same; the content is never recoded. Where 8BITMIME is announced,
// BODY=8BITMIME is declared for every message.
//
// Postfix keeps these octets when its listener has an empty
// local_header_rewrite_clients; otherwise it completes the header section of a client
// on the same machine. Its own delivery breaks lines longer than
// smtp_line_length_limit, 998 octets by default.
//
// # What is repeated
//
// Each transaction of an outbox entry has a number of its own, which the outbox
// counts durably before the first octet leaves. When the connection is lost
// between the final dot and its reply nobody can know whether the message was
// taken; it is sent again, with the same Message-ID and the next number.
package relay
