package milter

import (
	"strings"

	"github.com/postern-mail/postern/actions"
)

// Replies that the connection gives of its own.
var (
	replyBusy       = actions.NewReply(451, "4.3.2", "Mail policy check: no room for the message, try again later")
	replyRecipients = actions.NewReply(452, "4.5.3", "Too many recipients")
	replyTooLarge   = actions.NewReply(552, "5.3.4", "Message too large for the mail policy check")
	replyFailed     = actions.NewReply(451, "4.3.0", "Mail policy check failed, try again later")
)

// replyText gives a reply as the payload of an SMFIR_REPLYCODE frame, without the
// closing NUL. Whatever the reply holds, the text is a valid SMTP reply
// (RFC 5321, section 4.2) with one code on all lines. Percent signs are doubled:
// Sendmail and Postfix read the text as a format.
func replyText(r actions.Reply, oneLine bool) string {
	r = actions.NewReply(r.Code, r.Enhanced, r.Lines...)
	if oneLine {
		r = r.OneLine()
	}
	return strings.NewReplacer("%", "%%", "\n", "\r\n").Replace(r.String())
}

// refusal gives the reply of an outcome that refuses, its class that of the
// verdict: a block must not be tried again, a deferral must.
func refusal(out actions.Outcome) actions.Reply {
	r, class := out.Reply, 5
	if out.Verdict == actions.Defer {
		class = 4
	}
	if r.Code/100 != class {
		r.Code = map[int]int{4: 451, 5: 550}[class]
	}
	return r
}
