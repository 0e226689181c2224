// Package milter is one connection of an MTA: it collects the transaction,
// hands the whole message to the floor below, and writes the outcome on the
// wire. No policy is known here.
//
// The protocol is spoken by emersion/go-milter, one milter.Server for each
// connection. Between it and the socket stands the guard: a net.Conn that
// negotiates, bounds and checks every frame before the library sees it, keeps
// what the library would drop (ESMTP arguments, macros by stage, octets of
// header fields), and sends all frames of one step in one write. The library
// reads, calls back and writes in one goroutine, in this order; the guard rests
// on that, and a test holds it.
//
// State comes in two types: connection lasts as long as the SMTP session,
// transaction dies at MAIL, at ABORT and with the connection. Every command is
// answered with "continue" until the end of the message.
package milter
