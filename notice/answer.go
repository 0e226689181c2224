package notice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/postern-mail/postern/message"
)

// Header fields of every notice.
const (
	loopField      = "X-Postern-Loop"
	referenceField = "X-Postern-Reference"
)

// Reason says why a notice is not sent, or whom one may not answer.
type Reason string

// The reasons.
const (
	ReasonNullSender    Reason = "nullReversePath"
	ReasonAutoSubmitted Reason = "autoSubmitted"
	ReasonPrecedence    Reason = "precedence"
	ReasonList          Reason = "mailingList"
	ReasonRoleAddress   Reason = "roleAddress" // owner-…, …-request, mailer-daemon, postmaster
	ReasonOwnAddress    Reason = "ownAddress"
	ReasonLoopMark      Reason = "loopMark"
	ReasonNotify        Reason = "notify" // the sender wished not to hear of any recipient
	ReasonNobody        Reason = "nobody" // there is no one to write to, or nothing to say
)

// NotSent is the error of a notice that is not to be sent. It is for the record:
// a report that is not sent counts as nobody told, unless Reason is ReasonNotify.
type NotSent struct{ Reason Reason }

func (e *NotSent) Error() string { return "the notice is not sent: " + string(e.Reason) }

// MayAnswer tells whether mail with this header section and reverse-path may be
// answered at all, and otherwise why not (RFC 3834, section 2). It does not tell
// whether the sender is who it seems: that is the session's to say.
func (w *Writer) MayAnswer(h message.Header, reversePath message.Path) (bool, Reason) {
	switch {
	case reversePath.IsNull():
		return false, ReasonNullSender
	case w.own[reversePath.Key()]:
		return false, ReasonOwnAddress
	case isRole(reversePath.Local()):
		return false, ReasonRoleAddress
	}
	for _, f := range h {
		switch name := strings.ToLower(f.Name); {
		case name == strings.ToLower(loopField):
			// Any mark will do: one that is not ours is of another Postern, or forged,
			// and none of these is worth a loop.
			return false, ReasonLoopMark
		case name == "auto-submitted" && keyword(f) != "no":
			return false, ReasonAutoSubmitted
		case name == "precedence" && isBulk(keyword(f)):
			return false, ReasonPrecedence
		case strings.HasPrefix(name, "list-"):
			return false, ReasonList
		}
	}
	return true, ""
}

// isRole tells whether a local-part belongs to a program or a list's keeper.
func isRole(local string) bool {
	local, _, _ = strings.Cut(strings.ToLower(local), "+")
	return local == "mailer-daemon" || local == "postmaster" ||
		strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-owner") || strings.HasSuffix(local, "-request")
}

func isBulk(precedence string) bool {
	return precedence == "bulk" || precedence == "list" || precedence == "junk"
}

// keyword gives the first word of a value in lower case, comments and parameters
// left out.
func keyword(f message.Field) string {
	text := f.Text()
	for strings.HasPrefix(text, "(") {
		_, rest, ok := strings.Cut(text, ")")
		if !ok {
			return ""
		}
		text = strings.TrimSpace(rest)
	}
	if i := strings.IndexAny(text, " \t;("); i >= 0 {
		text = text[:i]
	}
	return strings.ToLower(text)
}

// IsOurs tells whether a header section carries the mark of a notice of this
// installation. The mark is bound to the Message-ID.
func (w *Writer) IsOurs(h message.Header) bool {
	id, ok := h.Get("Message-ID")
	if !ok {
		return false
	}
	want := w.mark(id.Text())
	for _, f := range h.All(loopField) {
		if hmac.Equal([]byte(f.Text()), []byte(want)) {
			return true
		}
	}
	return false
}

// Marked tells whether a header section carries the mark of a notice of any
// installation, and says that no person sent the message.
func Marked(h message.Header) bool {
	auto, ok := h.Get("Auto-Submitted")
	return ok && keyword(auto) != "no" && len(h.All(loopField)) > 0
}

// mark gives the loop mark of a notice: the installation, and a code that only it
// can make.
func (w *Writer) mark(messageID string) string {
	m := hmac.New(sha256.New, w.s.Key)
	m.Write([]byte("postern loop mark\x00" + w.s.InstallID + "\x00" + messageID))
	return w.s.InstallID + "; mac=" + hex.EncodeToString(m.Sum(nil)[:16])
}

// extra gives the fields that every notice carries.
func (w *Writer) extra(messageID, reference string) message.Header {
	h := message.Header{{Name: loopField, Value: w.mark(messageID)}}
	if reference != "" {
		h = append(h, message.Field{Name: referenceField, Value: reference})
	}
	return h
}
