// Package edit changes the body of a message: disclaimers, attachments taken out,
// and the message wrapped into a new one. Parts that an edit does not concern
// stay as they are, octet for octet.
//
// Nothing is changed that people have signed or encrypted, nor where mail readers
// may disagree on what the message holds: such an edit fails with an
// [UnalterableError] and leaves the draft as it was.
package edit
