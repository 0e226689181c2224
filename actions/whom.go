package actions

import (
	"cmp"
	"context"
	"slices"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/message/dsn"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// Why people are not told, beside the reasons of package notice.
const (
	reasonUnproven    notice.Reason = "unproven"      // the session is not ours, or the reverse-path not inside
	reasonNoNotices   notice.Reason = "noNotices"     // the configuration names no sender of notices, or no way for them
	reasonReported    notice.Reason = "reported"      // the one mail to the sender is a report on other recipients
	reasonNoManager   notice.Reason = "noManager"     // the directory knows none
	reasonUnavailable notice.Reason = "unavailable"   // the directory did not answer
	reasonNoAdmins    notice.Reason = "noSiteAdmin"   // the configuration names none
	reasonOutside     notice.Reason = "outside"       // the recipient is outside, and the sender not known for ours
	reasonClaimed     notice.Reason = "claimedSender" // the recipient is who the sender claims to be
	// ReasonRateLimit is that of a notice that waits for a digest.
	ReasonRateLimit notice.Reason = "rateLimit"
)

// teller is a rule that may tell people of a fork.
type teller struct {
	fork  int
	spec  *spec
	rank  int // 0 of an enforced rule, 1 of one that is applied, 2 of one that is tested
	place int // of the rule in the order of evaluation
	// beside is set for a rule that is applied in a fork that another rule holds: it
	// tells others than the sender.
	beside bool
}

// tellers gives the rules that ask for mail, in the order in which they are asked: of
// all forks the enforced ones, then those that are applied, then those of tests.
func (d *Decision) tellers() (list []teller) {
	for i := range d.Forks {
		f := &d.Forks[i]
		halted := f.Verdict == Block || f.Verdict == Quarantine
		if halted && f.DecidedBy != nil && f.by == nil {
			list = append(list, teller{fork: i, spec: specOf(f.DecidedBy)})
		}
		for _, r := range f.Rules {
			if r.State == Applied && f.Verdict != Delete {
				list = append(list, teller{fork: i, spec: specOf(r.Rule), rank: 1, beside: halted})
			}
		}
		if f.Verdict == Deliver {
			for _, s := range f.tested.specs {
				list = append(list, teller{fork: i, spec: s, rank: 2})
			}
		}
	}
	for i := range list {
		rule := list[i].spec.rule
		list[i].place = slices.IndexFunc(d.Evaluation.Rules, func(r rules.RuleResult) bool { return r.Rule == rule })
	}
	slices.SortStableFunc(list, func(a, b teller) int { return cmp.Or(a.rank-b.rank, a.place-b.place, a.fork-b.fork) })
	return list
}

// planNotifications plans the mail that tells sender, manager, named people and
// recipients of what becomes of a message (design: "Telling people"): the sender
// gets one mail at most, and so does everybody else that notifyUser names.
func (e *Engine) planNotifications(ctx context.Context, scan *rules.Scan, d *Decision) {
	if d.Outcome.Verdict == Defer || d.bare {
		return
	}
	n := &notifier{Engine: e, ctx: ctx, scan: scan, d: d, told: make(map[string]bool)}
	n.reports()
	n.reviewers()
	list := d.tellers()
	n.sender(list)
	n.others(list)
	n.recipients(list)
	n.reply()
}

// notifier plans the mail of one decision.
type notifier struct {
	*Engine
	ctx  context.Context
	scan *rules.Scan
	d    *Decision
	told map[string]bool // by key of the address
	loop bool            // the message is a notice
}

func (n *notifier) plan(fork int, p Planned) {
	f := &n.d.Forks[fork]
	f.Notices = append(f.Notices, p)
}

func (n *notifier) untold(p Planned, why notice.Reason) {
	n.d.Untold = append(n.d.Untold, Untold{p, why})
}

// planned makes the mail of a rule.
func (t teller) planned(kind notice.Kind, role Role, to ...message.Path) Planned {
	return Planned{Kind: kind, To: to, Rule: t.spec.rule, Role: role, Simulated: t.rank == 2}
}

// reports plans the report on recipients that are given back. One that names nobody,
// since the sender wished so, is not planned.
func (n *notifier) reports() {
	env := &n.scan.Message.Envelope
	for i := range n.d.Forks {
		if f := &n.d.Forks[i]; n.namesSome(f) {
			n.plan(i, Planned{Kind: notice.KindBlock, To: []message.Path{env.ReversePath}, Rule: f.DecidedBy, Role: RoleSender})
		}
	}
}

// namesSome tells whether a fork is given back by a report that names somebody.
func (n *notifier) namesSome(f *Fork) bool {
	return f.Route == Returned && slices.ContainsFunc(f.Recipients, func(r int) bool {
		// Arguments that cannot be read count as not given.
		args, _ := dsn.ReadRcptArgs(n.scan.Message.Envelope.Recipients[r].Args)
		return args.Notify.Failure()
	})
}

// reviewers plans what they are told of mail that nobody else is told of.
func (n *notifier) reviewers() {
	for i := range n.d.Forks {
		if f := &n.d.Forks[i]; f.Route == Held && f.Why != "" && len(n.settings.Reviewers) > 0 && n.settings.Notices != nil {
			n.plan(i, Planned{Kind: notice.KindHeld, To: n.settings.Reviewers, Rule: f.DecidedBy, Role: RoleReviewer})
		}
	}
}

// sender plans the one mail to the sender, unless a refusal in the session or a
// report takes its place.
func (n *notifier) sender(list []teller) {
	i := slices.IndexFunc(list, func(t teller) bool { return !t.beside && t.spec.telling.addresses(RoleSender) })
	if i < 0 || n.d.Outcome.Verdict == Block {
		return
	}
	t, d := list[i], n.d
	p := t.planned(notice.KindNotification, RoleSender, n.scan.Message.Envelope.ReversePath)
	switch {
	case d.Forks[t.fork].Route == Returned:
		// The report has its text.
	case n.answered():
		n.untold(p, reasonReported)
	case !d.told:
		n.untold(p, d.mute)
	default:
		n.told[p.To[0].Key()] = true
		n.plan(t.fork, p)
	}
}

// answered tells whether the sender hears of the message by a refusal in the session or
// by a report.
func (n *notifier) answered() bool {
	return n.d.Outcome.Verdict == Block && n.d.Ours || slices.ContainsFunc(n.d.Forks, func(f Fork) bool { return n.namesSome(&f) })
}

// others plans one mail for each of the other people of notifyUser.
func (n *notifier) others(list []teller) {
	var sought [2]bool // once for the message: its manager, its admins
	n.loop = n.isNotice(n.ctx, n.scan, n.named(list))
	for _, t := range list {
		if !t.spec.telling.mails() {
			continue
		}
		for _, a := range t.spec.telling.to {
			switch a.role {
			case RoleManager:
				if !sought[0] {
					sought[0] = true
					n.manager(t)
				}
			case RoleAdmin:
				if len(n.settings.Admins) == 0 && !sought[1] {
					n.untold(t.planned(notice.KindNotification, RoleAdmin), reasonNoAdmins)
				}
				sought[1] = true
				for _, p := range n.settings.Admins {
					n.other(t, RoleAdmin, p)
				}
			case RoleNamed:
				n.other(t, RoleNamed, a.path)
			}
		}
	}
}

// named gives everybody whom rules name, the admins among them.
func (n *notifier) named(list []teller) []message.Path {
	all := slices.Clone(n.settings.Admins)
	for _, t := range list {
		if t.spec.telling == nil {
			continue
		}
		for _, a := range t.spec.telling.to {
			if a.role == RoleNamed {
				all = append(all, a.path)
			}
		}
	}
	return all
}

func (n *notifier) other(t teller, role Role, to message.Path) {
	if n.told[to.Key()] {
		return
	}
	n.told[to.Key()] = true
	p := t.planned(notice.KindNotification, role, to)
	sends := to.Key() == n.scan.Message.Envelope.ReversePath.Key()
	switch {
	case n.settings.Notices == nil:
		n.untold(p, reasonNoNotices)
	case n.loop:
		n.untold(p, notice.ReasonLoopMark)
	case sends && n.answered():
		// He knows by the refusal or the report.
	case sends && !n.d.told && n.d.mute != reasonUnproven:
		// A program that sends in his name would answer this mail with more of it.
		n.untold(p, n.d.mute)
	default:
		n.plan(t.fork, p)
	}
}

// manager plans the mail to the manager of a sender who is known for ours: anybody
// else may have written the address.
func (n *notifier) manager(t teller) {
	from := n.scan.Message.Envelope.ReversePath
	none := reasonUnproven
	if n.d.Ours && !from.IsNull() {
		to, err := n.scan.Manager(n.ctx, from)
		switch {
		case err != nil:
			none = reasonUnavailable
		case !n.d.proven:
		case to.IsNull():
			none = reasonNoManager
		default:
			n.other(t, RoleManager, to)
			return
		}
	}
	n.untold(t.planned(notice.KindNotification, RoleManager), none)
}

// recipients plans the mail of generateNotification: to those for whom the rule
// matched, once for each. People outside hear of mail of our senders only, and
// whoever a stranger claims to be hears of nothing.
func (n *notifier) recipients(list []teller) {
	env := &n.scan.Message.Envelope
	told := make(map[string]bool)
	for _, t := range list {
		if t.rank == 2 || t.spec.telling == nil || t.spec.telling.generate == "" {
			continue
		}
		var to []message.Path
		refused := make(map[notice.Reason][]message.Path)
		for _, r := range n.d.Forks[t.fork].Recipients {
			p := env.Recipients[r].Path
			if told[p.Key()] {
				continue
			}
			told[p.Key()] = true
			if why := n.mayHear(r); why != "" {
				refused[why] = append(refused[why], p)
				continue
			}
			to = append(to, p)
		}
		if len(to) > 0 {
			n.plan(t.fork, t.planned(notice.KindRecipient, RoleRecipient, to...))
		}
		for _, why := range []notice.Reason{reasonClaimed, reasonNoNotices, reasonOutside} {
			if len(refused[why]) > 0 {
				n.untold(t.planned(notice.KindRecipient, RoleRecipient, refused[why]...), why)
			}
		}
	}
}

// mayHear says why a recipient may not be told; empty when he may.
func (n *notifier) mayHear(recipient int) notice.Reason {
	env := &n.scan.Message.Envelope
	if n.settings.Notices == nil {
		return reasonNoNotices
	}
	if n.d.proven {
		return ""
	}
	if env.Recipients[recipient].Path.Key() == env.ReversePath.Key() {
		return reasonClaimed
	}
	if in, err := n.scan.RecipientInside(n.ctx, recipient); !in || err != nil {
		return reasonOutside
	}
	return ""
}
