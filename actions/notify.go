package actions

import (
	"context"

	"github.com/postern-mail/postern/rules"
)

// telling is what a rule tells people other than by a refusal.
type telling struct{}

// planNotifications plans the mail to sender, owner, manager and named people.
func (e *Engine) planNotifications(_ context.Context, _ *rules.Scan, _ *Decision) {}

// notifications writes the mail planned for people.
func (b *batch) notifications() error { return nil }
