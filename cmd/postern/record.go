package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/postern-mail/postern/actions"
	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/rules"
)

// Bounds of what one log line shows.
const (
	logText       = 200 // characters of one value
	logRecipients = 5   // the first ones; all are counted
	logSignals    = 10
	logRules      = 10
)

// newLogger gives the log of a process, one event a line.
func newLogger(p process, w io.Writer) *zap.Logger {
	ec := zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", MessageKey: "event",
		EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: zapcore.MillisDurationEncoder,
	}
	enc := zapcore.NewJSONEncoder(ec)
	if p.logFormat == "console" {
		enc = zapcore.NewConsoleEncoder(ec)
	}
	return zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(w)), p.logLevel))
}

// alarm logs what somebody has to look at.
func alarm(log *zap.Logger, event string, fields ...zap.Field) {
	log.Error(event, append(fields, zap.Bool(alarmField, true))...)
}

// alarmField marks the lines that somebody has to look at.
const alarmField = "alarm"

// logMessage writes the one line of a message: what a mail administrator asks
// for, never content or the subject. The decision is nil for a message that
// could not be judged.
func logMessage(log *zap.Logger, m *message.Message, d *actions.Decision, out actions.Outcome, took time.Duration, failed error) {
	level := zapcore.InfoLevel
	if failed != nil || d == nil || d.Err != nil {
		level = zapcore.WarnLevel
	}
	ce := log.Check(level, "message")
	if ce == nil {
		return
	}
	env := &m.Envelope
	reference := out.Reference
	if reference == "" && d != nil {
		reference = d.Reference // the outcome is another than was decided on
	}
	verdict := out.Verdict
	if verdict == actions.Discard && d != nil {
		verdict = d.Verdict()
	}
	fields := []zap.Field{
		zap.String("reference", reference),
		zap.String("queueId", clip(env.QueueID, logText)),
		zap.String("messageId", clip(firstText(m.Header, "Message-ID"), logText)),
		zap.String("sender", "<"+clip(env.ReversePath.String(), logText)+">"),
		zap.Strings("recipients", firstRecipients(env)),
		zap.Int("recipientCount", len(env.Recipients)),
		zap.String("client", client(env)),
		zap.String("login", clip(env.Authenticated, logText)),
		zap.String("listener", clip(env.Listener, logText)),
		zap.Int64("size", m.Size),
		zap.String("verdict", string(verdict)),
	}
	if out.Verdict == actions.Block || out.Verdict == actions.Defer {
		fields = append(fields, zap.String("reply", clip(strings.ReplaceAll(out.Reply.String(), "\n", " / "), 2*logText)))
	}
	if d != nil {
		fields = append(fields, decisionFields(d)...)
	}
	fields = append(fields, zap.Int64("milliseconds", took.Milliseconds()))
	switch {
	case failed != nil:
		fields = append(fields, zap.String("error", clip("the outcome was not taken by the MTA: "+failed.Error(), logText)))
	case d != nil && d.Err != nil:
		fields = append(fields, zap.String("error", clip(d.Err.Error(), logText)))
	case d == nil:
		fields = append(fields, zap.String("error", "the message was not judged"))
	}
	ce.Write(fields...)
}

func decisionFields(d *actions.Decision) []zap.Field {
	var rule string
	var did, simulated []string
	for i := range d.Forks {
		f := &d.Forks[i]
		if rule == "" {
			rule = ruleName(f.DecidedBy)
		}
		tested := slices.ContainsFunc(f.Rules, func(r actions.RuleState) bool { return r.State == actions.Simulated })
		if s := f.Simulated; tested && s.Verdict != f.Verdict && f.Verdict != actions.Defer && f.Reason == "" {
			outcome := string(s.Verdict)
			if s.DecidedBy != nil {
				outcome += " by " + ruleName(s.DecidedBy)
			}
			simulated = addOnce(simulated, outcome)
		}
		for _, s := range f.Rules {
			did = addOnce(did, ruleName(s.Rule)+": "+string(s.State))
		}
	}
	fields := append(forkFields(d),
		zap.String("rule", rule),
		zap.Strings("matched", bound(did, logRules)),
		zap.Strings("simulated", bound(simulated, logRules)),
		zap.Strings("signals", bound(signalTexts(d.Notices), logSignals)),
		zap.Bool("trusted", d.Ours),
	)
	if d.Removed > 0 {
		fields = append(fields, zap.Int("removedReservedFields", d.Removed))
	}
	if len(d.Undecided) > 0 {
		var undecided []string
		for _, u := range d.Undecided {
			undecided = addOnce(undecided, ruleName(u.Rule)+": "+string(u.Remedy)+", "+clip(u.Reason, logText))
		}
		fields = append(fields, zap.Strings("undecided", bound(undecided, logRules)))
	}
	var failures, signatures []string
	stripped := 0
	for i := range d.Forks {
		for _, domain := range d.Forks[i].BrokenSignatures {
			signatures = addOnce(signatures, clip(domain, logText))
		}
		stripped = max(stripped, len(d.Forks[i].Stripped))
		for _, e := range d.Forks[i].Failures {
			failures = addOnce(failures, ruleName(e.Rule)+": "+e.Action+" "+string(e.Remedy)+", "+clip(e.Reason, logText))
		}
	}
	if stripped > 0 {
		fields = append(fields, zap.Int("attachmentsRemoved", stripped))
	}
	if len(signatures) > 0 {
		fields = append(fields, zap.Strings("brokenSignatures", bound(signatures, logRules)))
	}
	if len(failures) > 0 {
		fields = append(fields, zap.Strings("actionFailures", bound(failures, logRules)))
	}
	if d.AddressMismatch {
		fields = append(fields, zap.Bool("addressMismatch", true))
	}
	return append(fields, zap.String("policyVersion", d.PolicyVersion))
}

// routeWords say where a fork goes on.
var routeWords = map[actions.Route]string{
	actions.Refused: "refused", actions.InSession: "session", actions.Resubmitted: "outbox",
	actions.Held: "held", actions.Returned: "returned", actions.Deleted: "deleted",
}

// forkFields tell of forks with different ways, and of held items.
func forkFields(d *actions.Decision) []zap.Field {
	var ways, items []string
	for i := range d.Forks {
		f := &d.Forks[i]
		way := fmt.Sprintf("%s: %s for %d", routeWords[f.Route], f.Verdict, len(f.Recipients))
		if f.Why != "" {
			way += ", " + clip(f.Why, logText)
		}
		ways = append(ways, way)
		if f.Item != "" {
			items = addOnce(items, f.Item)
		}
	}
	var fields []zap.Field
	if len(ways) > 1 || len(d.Forks) == 1 && d.Forks[0].Route != actions.InSession && d.Forks[0].Route != actions.Refused {
		fields = append(fields, zap.Strings("forks", bound(ways, logRules)))
	}
	if len(items) > 0 {
		fields = append(fields, zap.Strings("items", bound(items, logRules)))
	}
	return fields
}

// logRepeat tells of a fork that is not done again.
func logRepeat(log *zap.Logger, r actions.Repeat) {
	log.Info("retry, not done again", zap.String("queueId", clip(r.QueueID, logText)), zap.String("firstQueueId", clip(r.Before, logText)),
		zap.String("firstReference", r.Reference), zap.String("outcome", r.Outcome), zap.Time("first", r.First),
		zap.Strings("recipients", bound(r.Recipients, logRecipients)))
}

func signalTexts(notices []message.Notice) []string {
	var out []string
	for _, n := range notices {
		t := string(n.Signal)
		if n.Part != "" {
			t += ": " + clip(n.Part, logText)
		}
		out = addOnce(out, t)
	}
	return out
}

// ruleName is how people are told of a rule; empty for none.
func ruleName(r *rules.Rule) string {
	if r == nil {
		return ""
	}
	return clip(r.Policy.Name, logText) + " / " + clip(r.Name, logText)
}

func firstRecipients(env *message.Envelope) []string {
	out := make([]string, 0, min(len(env.Recipients), logRecipients))
	for _, r := range env.Recipients[:min(len(env.Recipients), logRecipients)] {
		out = append(out, clip(r.Path.String(), logText))
	}
	return out
}

func firstText(h message.Header, name string) string {
	f, ok := h.Get(name)
	if !ok {
		return ""
	}
	return f.Text()
}

func client(env *message.Envelope) string {
	if env.Simulated {
		return "local"
	}
	addr := ""
	if env.ClientAddr.IsValid() {
		addr = env.ClientAddr.String()
	}
	return strings.TrimSpace(clip(env.ClientName, logText) + " [" + addr + "]")
}

// addOnce appends what is not in the list; the lists here are short.
func addOnce(list []string, s string) []string {
	for _, o := range list {
		if o == s {
			return list
		}
	}
	return append(list, s)
}

// bound cuts a list and says how much is left out.
func bound(list []string, n int) []string {
	if len(list) <= n {
		if list == nil {
			return []string{}
		}
		return list
	}
	return append(list[:n:n], fmt.Sprintf("and %d more", len(list)-n))
}

// clip makes text from outside fit for a terminal and a log: control and other
// invisible characters are written out, and what is longer than n characters is
// cut.
func clip(s string, n int) string {
	clean := len(s) <= n
	for i := 0; clean && i < len(s); i++ {
		clean = s[i] >= ' ' && s[i] <= '~'
	}
	if clean {
		return s
	}
	var b strings.Builder
	count := 0
	for i, c := range s {
		if count == n {
			b.WriteString("…")
			break
		}
		count++
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(c):
			b.WriteRune(c)
		default:
			fmt.Fprintf(&b, `\u{%x}`, c)
		}
	}
	return b.String()
}
