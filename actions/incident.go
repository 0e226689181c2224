package actions

import (
	"context"

	"github.com/postern-mail/postern/rules"
)

// reporting is what a rule reports of incidents.
type reporting struct{}

// planReports plans the incident reports.
func (e *Engine) planReports(_ context.Context, _ *rules.Scan, _ *Decision) {}

// reports writes the incident reports planned.
func (b *batch) reports() error { return nil }
