// Package notice writes the mail that Postern itself sends: reports to senders
// whose mail was refused, waits, could not be delivered or expired (RFC 3464);
// notifications to senders, managers and others of what rules matched; what rules
// say to recipients; and mail to those who review held mail, incidents and alerts.
//
// It composes and does not send: a Notice goes to the outbox. Every notice has the
// null reverse-path, says Auto-Submitted, and carries Postern's loop mark and the
// reference of the decision it is about. Reports give back header fields of the
// message, never its content.
//
// What is said stands in texts by language, which an administrator may replace
// ([LoadTexts]), and is laid out as one tree of blocks that gives text and HTML of
// the same words. Text of others, that of messages and of administrators, is data:
// none of it becomes a header field, a body part, or markup that acts.
package notice
