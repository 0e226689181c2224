package quarantine_test

import (
	"slices"
	"testing"

	"github.com/postern-mail/postern/quarantine"
)

var events = []quarantine.Event{
	quarantine.EventRelease, quarantine.EventApprove, quarantine.EventOverride, quarantine.EventReject, quarantine.EventDelete,
	quarantine.EventExpire, quarantine.EventContinue, quarantine.EventSent, quarantine.EventReturn,
}

// Each kind is let go by its own event only: what waits for an approver is not
// released by a reviewer, nor by its sender.
func TestWhoLetsGo(t *testing.T) {
	want := map[quarantine.Kind]quarantine.Event{
		quarantine.KindQuarantine: quarantine.EventRelease,
		quarantine.KindApproval:   quarantine.EventApprove,
		quarantine.KindOverride:   quarantine.EventOverride,
	}
	for _, kind := range quarantine.Kinds {
		for _, event := range events {
			to, ok := quarantine.Next(kind, quarantine.StateHeld, event)
			if leaves := ok && to == quarantine.StateReleasing; leaves != (event == want[kind]) {
				t.Errorf("%s, %s: %q, %t", kind, event, to, ok)
			}
		}
	}
}

// Nothing leads out of an end, and only the outbox ends a release.
func TestEnds(t *testing.T) {
	for _, kind := range quarantine.Kinds {
		for _, from := range quarantine.States {
			for _, event := range events {
				to, ok := quarantine.Next(kind, from, event)
				outbox := event == quarantine.EventSent || event == quarantine.EventReturn
				switch {
				case !ok:
				case !slices.Contains(quarantine.States, to):
					t.Errorf("%s, %s, %s: no state %q", kind, from, event, to)
				case from.Terminal():
					t.Errorf("%s, %s, %s leads on to %s", kind, from, event, to)
				case outbox != (from == quarantine.StateReleasing):
					t.Errorf("%s, %s, %s leads to %s", kind, from, event, to)
				}
			}
		}
	}
	if _, ok := quarantine.Next("shelf", quarantine.StateHeld, quarantine.EventDelete); ok {
		t.Error("an unknown kind has a life")
	}
}
