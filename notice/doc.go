// Package notice writes the mail that Postern itself sends: reports to senders
// whose mail was refused, could not be delivered or expired (RFC 3464), and mail
// to reviewers of the quarantine.
//
// It composes and does not send: a Notice goes to the outbox. Every notice has the
// null reverse-path, says Auto-Submitted, and carries Postern's loop mark and the
// reference of the decision it is about. Reports give back header fields of the
// message, never its content.
package notice
