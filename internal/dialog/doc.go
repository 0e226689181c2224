// Package dialog reads and runs scripted SMTP dialogs with a mail server that
// has a milter. The same scripts run against [Model], which acts towards an
// in-process milter as Postfix does, and against a real Postfix: whoever starts
// one implements [MTA], with [Client] for its sessions.
//
// A script is lines of text. Empty lines and lines that begin with "#" are
// passed over, leading blanks count for nothing.
//
//	session                      begin an SMTP connection; the greeting must be 220
//	C: MAIL FROM:<a@example.com> send a line
//	S: 250                       take a reply with this code, whatever its text
//	S: 550-5.7.1 first line      take a reply of exactly these lines; lines that
//	S: 550 5.7.1 second line     follow each other are one reply
//	message                      send the text that follows, up to a line ".",
//	...                          and the final dot
//	.
//	partial                      the same without the final dot
//	disconnect                   close the connection without QUIT
//	reset                        the same with a TCP reset
//	sendmail A B C               submit the text that follows with sendmail(1),
//	...                          from A (<> for the null path) to B and C
//	.
//	repeat 500                   the lines up to "end" 500 times, {n} counting
//	end                          from 1
//	sink ID                      what must have been delivered, see below
//	sink ID none                 nothing of that message may have been delivered
//	bounce A TEXT                the submitter A is told TEXT, in one line
//
// In a text, \xHH is an octet, a line "%fill N" is N octets of filler lines of 76
// octets, a line "%field NAME N" a header field whose folded value is N octets with
// LF for the folds, and every line ends with CRLF.
//
// Messages are told apart at the sink by their header field X-Test-Id. What is
// expected of one stands in the lines behind "sink ID"; all are looked at when
// the dialog is over and the server has nothing left to deliver:
//
//	from A              the reverse-path (<> for the null path)
//	to A B              the recipients, no more and no fewer, in any order
//	recipients N        their number
//	header NAME: VALUE  the only field of this name has this value, unfolded
//	headers NAME: A | B all fields of this name in order
//	no header NAME
//	first NAME          the first field of the header section, Received apart
//	body TEXT           the body contains TEXT
//	body octets N       the body is N octets, line ends counted as CRLF
//
// A server that runs dialogs refuses every recipient in the domain
// refused.example with 550, takes all others, takes messages of 30 MB,
// announces SMTPUTF8, and gives its milter three seconds at the end of a message
// with a new start at every progress frame. Its milter runs [ScriptedFilter]
// with a progress frame each half second, or oftener.
package dialog
