// Package quarantine keeps what Postern has promised to keep: messages held for a
// decision, mail waiting to be sent, the fingerprints by which a client's retry is
// known, and the records of what happened.
//
// An [Item] is a message held, or the part of one held for some of its
// recipients. What may be done with it stands in one table ([Next]): its [Kind]
// and its [State] say which [Event] is possible and what comes of it. Every
// decision is a compare-and-set at the store, so that each is taken once however
// many people, timers and nodes try.
//
// An [Entry] is one mail in the outbox: a notice, a fork given back to the MTA, a
// release. It refers to a blob with the final octets to send, and stays until
// every recipient is delivered or has failed with somebody told.
//
// A [Store] keeps them. One [Commit] makes everything of one message durable at
// once; only when it has returned may the MTA be answered. The embedded store is
// in quarantine/embedded; the suite any store must pass is in
// quarantine/storetest.
package quarantine
