package actions

import (
	"context"

	"github.com/postern-mail/postern/message"
	"github.com/postern-mail/postern/notice"
	"github.com/postern-mail/postern/rules"
)

// Planned is mail that a decision asks for, before it is written: a dry run plans
// the same as a live one and writes none of it.
type Planned struct {
	Kind notice.Kind
	To   []message.Path
	// Rule is the rule whose words it has; nil where none asks for it.
	Rule *rules.Rule
	// Role is what the people are to the message; empty where it does not matter.
	Role Role
	// Simulated is set when the rule is of a policy in a test mode.
	Simulated bool
	// AtDecision is set for mail on a held message that comes with the decision.
	AtDecision bool
}

// Untold is mail that was due and is not sent.
type Untold struct {
	Planned
	Reason notice.Reason
}

// inform plans whom a decision is told to, once its outcome stands.
func (e *Engine) inform(ctx context.Context, scan *rules.Scan, d *Decision) {
	e.planNotifications(ctx, scan, d)
	e.planReports(ctx, scan, d)
	e.planAlerts(ctx, scan, d)
}
