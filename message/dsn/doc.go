// Package dsn writes and reads delivery status notifications: the
// multipart/report messages of RFC 6522 with the report of RFC 3464 in them (RFC
// 6533 where addresses are internationalized), and the arguments by which a
// client asks for them (RFC 3461).
//
// A report returns header fields of the message it is about, never its content.
// Whatever text comes in, no CR, LF or NUL of it reaches the header section of
// what is composed; Builder is the one place that writes header fields and may be
// used for other mail.
package dsn
