package actions

import (
	"context"

	"github.com/postern-mail/postern/rules"
)

// alerting is when a rule raises an alert, and for whom.
type alerting struct{}

// planAlerts plans the mail of alerts that one match raises.
func (e *Engine) planAlerts(_ context.Context, _ *rules.Scan, _ *Decision) {}

// alerts counts the matches of rules that raise alerts.
func (b *batch) alerts() error { return nil }
