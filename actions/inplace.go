package actions

import (
	"strings"

	"github.com/postern-mail/postern/audit"
	"github.com/postern-mail/postern/notice"
)

// Bounds of the text of a notification in a reply: a reply has 20 lines at most, and
// some clients show few of them.
const (
	wordLines  = 10
	wordOctets = 1500
)

// reply puts the text of the rule's notification into the refusal that takes the place
// of the mail to the sender. Sessions that are not ours read nothing of it.
func (n *notifier) reply() {
	d := n.d
	if d.Outcome.Verdict != Block || !d.Ours {
		return
	}
	b := &batch{Live: &Live{Mask: n.mask()}, ctx: n.ctx, scan: n.scan, m: n.scan.Message, d: d}
	var lines []string
	left := wordOctets
	for line := range strings.Lines(b.words(&d.Forks[0], n.settings.Notices)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if left -= len(line); left < 0 || len(lines) == wordLines {
			lines = append(lines, "[...]")
			break
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return
	}
	old := d.Outcome.Reply
	last := len(old.Lines) - 1
	lines = append(append(append([]string(nil), old.Lines[:last]...), lines...), old.Lines[last])
	reply := NewReply(old.Code, old.Enhanced, lines...)
	d.Outcome.Reply = reply
	for i := range d.Forks {
		if d.Forks[i].Reply != nil {
			d.Forks[i].Reply = &reply
		}
	}
}

// words gives the text of the notification that a refused fork would send its sender,
// where a reply takes its place; empty for none.
func (b *batch) words(f *Fork, w *notice.Writer) string {
	if n := b.replaced(f); n != nil && w != nil {
		return w.Words(*n)
	}
	return ""
}

// replaced gives the notification that a refused fork would send its sender, where a
// reply or a report takes its place; nil for none.
func (b *batch) replaced(f *Fork) *notice.Notification {
	if f.by != nil || f.DecidedBy == nil || !specOf(f.DecidedBy).telling.addresses(RoleSender) {
		return nil
	}
	n := b.notification(f, Planned{Kind: notice.KindNotification, Rule: f.DecidedBy, Role: RoleSender}, b.m.Envelope.ReversePath)
	return &n
}

// mask gives what masks texts before anything is recorded.
func (n *notifier) mask() func(string) string {
	types := n.scan.World.Types
	if types == nil {
		return nil
	}
	return func(text string) string { return audit.MaskText(types.Mask(text)).String() }
}
