package rules

import (
	"bytes"
	"slices"
	"strings"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/strictyaml"
)

// messageTypes are the values of MessageTypeMatches, in Purview's words and, where
// transport rules have others, in those, with how a message is told to be of the
// type. The reason completes "the message is …". In strict use a type that keeps
// content from being read must be proven by the content too.
var messageTypes = []struct {
	name, rule string
	reason     string
	is         func(m typed) bool
	proven     func(m *message.Message) bool
}{
	{"approvalRequest", "", "a request for approval", isApprovalRequest, nil},
	{"automaticForward", "autoForward", "forwarded automatically", isForward, nil},
	{"automaticReply", "oof", "an automatic reply", isReply, nil},
	{"calendaring", "", "a meeting request or an answer to one", isMeeting, nil},
	{"encrypted", "", "encrypted", isEncrypted, isClosed},
	{"permissionControlled", "", "protected by rights management", isRightsManaged, hasProtected},
	{"readReceipt", "", "a read receipt", isReceipt, nil},
	{"signed", "", "signed", isSigned, nil},
	{"voicemail", "", "a voice message", isVoice, nil},
}

// typed is a message with the header sections that its type is told by.
type typed struct {
	*message.Message
	headers []message.Header
}

func parseMessageType(r *reader, n *strictyaml.Node, field string) (check, bool) {
	var words []string
	for _, t := range messageTypes {
		if words = append(words, t.name); t.rule != "" {
			words = append(words, t.rule)
		}
	}
	asked, ok := r.someOf(n, field, words...)
	return claimed(func(s *Scan, headers []message.Header, strict bool) (bool, string) {
		none := "the message is of no type named"
		for _, t := range messageTypes {
			if !slices.Contains(asked, t.name) && (t.rule == "" || !slices.Contains(asked, t.rule)) || !t.is(typed{s.Message, headers}) {
				continue
			}
			if !strict || t.proven == nil || t.proven(s.Message) {
				return true, "the message is " + t.reason
			}
			none = "the message is called " + t.reason + ", but not all of it is"
		}
		return false, none
	}), ok
}

// ownParts gives the parts of a message without those of messages embedded in it.
func ownParts(m *message.Message) (list []*message.Part) {
	var walk func(p *message.Part)
	walk = func(p *message.Part) {
		list = append(list, p)
		for _, c := range p.Children {
			if !p.IsEmbedded() || c == m.Journaled {
				walk(c)
			}
		}
	}
	walk(m.Root)
	return list
}

// word gives the first word of a field in small letters, without its parameters.
func word(text string) string {
	text, _, _ = strings.Cut(strings.ToLower(text), ";")
	if words := strings.Fields(text); len(words) > 0 {
		return words[0]
	}
	return ""
}

// says tells whether a header field of a name has one of these as its first word.
func says(m typed, field string, words ...string) bool {
	return slices.ContainsFunc(m.headers, func(h message.Header) bool {
		return slices.ContainsFunc(h.Texts(field), func(text string) bool { return slices.Contains(words, word(text)) })
	})
}

// has tells whether there is a header field of one of the names.
func has(m typed, fields ...string) bool {
	return slices.ContainsFunc(m.headers, func(h message.Header) bool {
		return slices.ContainsFunc(fields, func(name string) bool { _, ok := h.Get(name); return ok })
	})
}

// isApprovalRequest knows what Exchange's arbitration mailbox sends to moderators.
func isApprovalRequest(m typed) bool {
	return has(m, "X-MS-Exchange-Organization-Approval-Initiator", "X-MS-Exchange-Organization-Approval-Allowed-Decision-Makers") ||
		says(m, "Content-Class", "ipm.note.microsoft.approval.request", "urn:content-classes:approvalrequest")
}

// isForward knows the field of RFC 2156, section 2.3.1.2, and what programs write in
// the place of it. What a mailbox's rule or an account forwards is not marked so, and
// does not count.
func isForward(m typed) bool {
	return says(m, "Autoforwarded", "true", "yes") || says(m, "Auto-Forwarded", "true", "yes") || says(m, "Auto-Submitted", "auto-forwarded")
}

// isReply knows RFC 3834, section 5, the fields older responders write, and the
// absence notices of Exchange: generated, and an answer that is no report.
func isReply(m typed) bool {
	if says(m, "Auto-Submitted", "auto-replied") || says(m, "Precedence", "auto_reply", "auto-reply") ||
		has(m, "X-Autoreply", "X-Autorespond", "X-Mail-Autoreply") && !says(m, "X-Autoreply", "no") {
		return true
	}
	return says(m, "Auto-Submitted", "auto-generated") && has(m, "In-Reply-To") && m.Envelope.ReversePath.IsNull() && m.Root.MediaType != "multipart/report"
}

// isMeeting knows scheduling messages (RFC 6047): a calendar with a method.
func isMeeting(m typed) bool {
	if says(m, "Content-Class", "urn:content-classes:calendarmessage") {
		return true
	}
	return slices.ContainsFunc(ownParts(m.Message), func(p *message.Part) bool {
		if p.MediaType != "text/calendar" && p.MediaType != "application/ics" {
			return false
		}
		return p.Params["method"] != "" || hasMethod(p)
	})
}

// calendarHead is how much of a calendar is looked into for its method, in octets.
const calendarHead = 64 << 10

func hasMethod(p *message.Part) bool {
	data, err := p.Content()
	if err != nil {
		return false
	}
	for line := range bytes.Lines(data[:min(len(data), calendarHead)]) {
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(strings.TrimSpace(string(name)), "METHOD") {
			return true
		}
	}
	return false
}

// isCMS tells parts of S/MIME.
func isCMS(p *message.Part) bool {
	return p.MediaType == "application/pkcs7-mime" || p.MediaType == "application/x-pkcs7-mime"
}

// isEncrypted tells mail whose own content needs a key: S/MIME, PGP/MIME, and PGP in
// the text. An encrypted file attached to readable mail does not make it so.
func isEncrypted(m typed) bool {
	parts := ownParts(m.Message)
	readable := slices.ContainsFunc(parts, (*message.Part).IsBody)
	return slices.ContainsFunc(parts, func(p *message.Part) bool {
		switch {
		case p.MediaType == "multipart/encrypted":
			return true
		case isCMS(p):
			return isEnveloped(m.Message, p) && (p == m.Root || p == m.Journaled || !readable)
		}
		return p.IsBody() && holds(p, "-----BEGIN PGP MESSAGE-----")
	})
}

// isEnveloped tells a part of S/MIME that needs a key.
func isEnveloped(m *message.Message, p *message.Part) bool {
	return slices.ContainsFunc(m.Notices, func(n message.Notice) bool { return n.Signal == message.SignalEncrypted && n.Part == p.Name() })
}

func holds(p *message.Part, text string) bool {
	data, err := p.Content()
	return err == nil && bytes.Contains(data, []byte(text))
}

// isSigned tells signed mail: S/MIME with the signature beside the text or around it,
// PGP/MIME, and PGP in the text.
func isSigned(m typed) bool {
	return slices.ContainsFunc(ownParts(m.Message), func(p *message.Part) bool {
		switch {
		case p.MediaType == "multipart/signed":
			return true
		case isCMS(p):
			kind := strings.ToLower(p.Params["smime-type"])
			return kind == "signed-data" || kind == "" && !isEnveloped(m.Message, p)
		}
		return p.IsBody() && holds(p, "-----BEGIN PGP SIGNED MESSAGE-----")
	})
}

// isRightsManaged knows the wrapper in which Exchange and Microsoft 365 send
// protected mail, with or without a page for those who read it elsewhere.
func isRightsManaged(m typed) bool {
	if says(m, "Content-Class", "rpmsg.message") {
		return true
	}
	return slices.ContainsFunc(ownParts(m.Message), func(p *message.Part) bool {
		return p.MediaType == "application/x-microsoft-rpmsg-message" ||
			slices.ContainsFunc(p.Names, func(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".rpmsg") })
	})
}

// isReceipt knows message disposition notifications (RFC 8098).
func isReceipt(m typed) bool {
	return slices.ContainsFunc(ownParts(m.Message), func(p *message.Part) bool {
		return p.MediaType == "message/disposition-notification" ||
			p.MediaType == "multipart/report" && strings.EqualFold(p.Params["report-type"], "disposition-notification")
	})
}

// isVoice knows voice messages (RFC 3458, RFC 3801) and those of Exchange's unified
// messaging.
func isVoice(m typed) bool {
	return m.Root.MediaType == "multipart/voice-message" || says(m, "Message-Context", "voice-message") ||
		says(m, "Content-Class", "voice", "voice-ca", "voice-uc", "missedcall") || has(m, "X-VoiceMessageDuration")
}
