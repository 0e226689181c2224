package quarantine

// State is where an item stands.
type State string

// The states of items.
const (
	// StateHeld waits for a decision.
	StateHeld State = "held"
	// StateReleasing is decided, and on its way through the outbox.
	StateReleasing State = "releasing"
	// StateReleased has left: each recipient is delivered, or its failure told.
	StateReleased State = "released"
	// StateRejected was refused by who was asked.
	StateRejected State = "rejected"
	// StateDeleted was deleted by a reviewer.
	StateDeleted State = "deleted"
	// StateExpired was not decided in time.
	StateExpired State = "expired"
	// StateContinued was decided, and the message is held on as another item: the
	// walk over its remaining rules came to a halt again.
	StateContinued State = "continued"
)

// States lists every state.
var States = []State{
	StateHeld, StateReleasing, StateReleased, StateRejected, StateDeleted, StateExpired, StateContinued,
}

// Kinds lists every kind.
var Kinds = []Kind{KindQuarantine, KindApproval, KindOverride}

// Terminal tells whether no event leads out of s: the item is history, and its
// blob is deleted once the time of grace is over.
func (s State) Terminal() bool { return s != StateHeld && s != StateReleasing }

// Event is something that happens to an item.
type Event string

// The events of items. EventSent and EventReturn are raised by the store itself
// when the outbox has finished ([Store.Finish]); all others are decisions
// ([Store.Decide]).
const (
	// EventRelease lets a quarantined message go.
	EventRelease Event = "release"
	// EventApprove is the approvers' yes, after which the message leaves.
	EventApprove Event = "approve"
	// EventOverride is the sender's own decision to send, after which the message
	// leaves.
	EventOverride Event = "override"
	// EventReject is the no of who was asked.
	EventReject Event = "reject"
	// EventDelete is a reviewer's deletion.
	EventDelete Event = "delete"
	// EventExpire is the timer's.
	EventExpire Event = "expire"
	// EventContinue hands the message on to another item, held in the same
	// decision.
	EventContinue Event = "continue"
	// EventSent says that every recipient of the release is delivered, or failed
	// with somebody told.
	EventSent Event = "sent"
	// EventReturn says that the release was refused and nobody could be told: the
	// message is held again.
	EventReturn Event = "return"
)

// transition is one row of the table.
type transition struct {
	kind  Kind
	from  State
	event Event
	to    State
}

// transitions is the whole life of items: what is not written here cannot happen.
var transitions = []transition{
	{KindQuarantine, StateHeld, EventRelease, StateReleasing},
	{KindQuarantine, StateHeld, EventReject, StateRejected},
	{KindQuarantine, StateHeld, EventDelete, StateDeleted},
	{KindQuarantine, StateHeld, EventExpire, StateExpired},
	{KindQuarantine, StateHeld, EventContinue, StateContinued},
	{KindQuarantine, StateReleasing, EventSent, StateReleased},
	{KindQuarantine, StateReleasing, EventReturn, StateHeld},

	{KindApproval, StateHeld, EventApprove, StateReleasing},
	{KindApproval, StateHeld, EventReject, StateRejected},
	{KindApproval, StateHeld, EventDelete, StateDeleted},
	{KindApproval, StateHeld, EventExpire, StateExpired},
	{KindApproval, StateHeld, EventContinue, StateContinued},
	{KindApproval, StateReleasing, EventSent, StateReleased},
	{KindApproval, StateReleasing, EventReturn, StateHeld},

	{KindOverride, StateHeld, EventOverride, StateReleasing},
	{KindOverride, StateHeld, EventReject, StateRejected},
	{KindOverride, StateHeld, EventDelete, StateDeleted},
	{KindOverride, StateHeld, EventExpire, StateExpired},
	{KindOverride, StateHeld, EventContinue, StateContinued},
	{KindOverride, StateReleasing, EventSent, StateReleased},
	{KindOverride, StateReleasing, EventReturn, StateHeld},
}

// Next gives the state an item of that kind and state comes to by an event;
// ok is false when the event is not possible.
func Next(kind Kind, from State, event Event) (to State, ok bool) {
	for _, t := range transitions {
		if t.kind == kind && t.from == from && t.event == event {
			return t.to, true
		}
	}
	return "", false
}
