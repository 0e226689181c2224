package main

import (
	"encoding/json"
	"time"

	"github.com/postern-mail/postern/quarantine"
)

// itemJSON is a held message for programs. Members that do not apply, as the
// decision of one that nobody has decided on, are left out.
type itemJSON struct {
	ID            string     `json:"id"`
	Reference     string     `json:"reference"`
	Kind          string     `json:"kind"`
	State         string     `json:"state"`
	Sender        string     `json:"sender"`
	Recipients    []string   `json:"recipients"`
	Policy        string     `json:"policy"`
	Rule          string     `json:"rule"`
	PolicyVersion string     `json:"policyVersion"`
	Reason        string     `json:"reason"`
	Size          int64      `json:"size"`
	SHA256        string     `json:"sha256"`
	QueueID       string     `json:"queueId"`
	Created       time.Time  `json:"created"`
	Expires       *time.Time `json:"expires,omitempty"`
	TellSender    bool       `json:"tellSender"`
	Seen          int        `json:"seen"`
	Recovered     bool       `json:"recovered"`
	LegalHold     bool       `json:"legalHold"`
	// Macros are what the MTA said of the session beside its commands.
	Macros  map[string]string `json:"macros,omitempty"`
	Edits   []editJSON        `json:"edits"`
	Matches json.RawMessage   `json:"matches,omitempty"`
	Decided *decidedJSON      `json:"decided,omitempty"`
	Purged  *time.Time        `json:"purged,omitempty"`
}

type decidedJSON struct {
	Event string    `json:"event"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Why   string    `json:"why"`
}

// heldJSON gives an item as it is told.
func heldJSON(i *quarantine.Item) itemJSON {
	out := itemJSON{
		ID: i.ID, Reference: i.Reference, Kind: string(i.Kind), State: string(i.State), Sender: i.Envelope.ReversePath,
		Recipients: []string{}, Policy: i.Policy, Rule: i.Rule, PolicyVersion: i.PolicyVersion, Reason: i.Reason, Size: i.Size, SHA256: i.SHA256,
		QueueID: i.Envelope.QueueID, Created: i.Created, Expires: moment(i.Expires), TellSender: i.TellSender, Seen: i.Seen,
		Recovered: i.Recovered, LegalHold: i.LegalHold, Macros: i.Envelope.Macros, Edits: []editJSON{}, Matches: i.Matches, Purged: moment(i.Purged),
	}
	for _, r := range i.Envelope.Recipients {
		out.Recipients = append(out.Recipients, r.Path)
	}
	// What cannot be read is shown as none; a release says so.
	if json.Unmarshal(i.Draft, &out.Edits) != nil || out.Edits == nil {
		out.Edits = []editJSON{}
	}
	if i.Decided.Event != "" {
		out.Decided = &decidedJSON{string(i.Decided.Event), i.Decided.By, i.Decided.At, i.Decided.Justification}
	}
	return out
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// statusJSON is the state of an installation for programs.
type statusJSON struct {
	Running       bool   `json:"running"`
	Version       string `json:"version,omitempty"`
	PolicyVersion string `json:"policyVersion,omitempty"`
	Policies      int    `json:"policies"`
	// Metrics is where the running process is asked for measurements and health.
	Metrics string `json:"metrics,omitempty"`
	// Stale names files that differ from what is served: changed and not loaded.
	Stale      []string       `json:"stale"`
	Held       map[string]int `json:"held"`
	OldestHeld *time.Time     `json:"oldestHeld,omitempty"`
	Releasing  int            `json:"releasing"`
	Recovered  int            `json:"recovered"`
	// Alerts counts those that are active or being investigated.
	Alerts int `json:"alerts"`
	Outbox int `json:"outbox"`
	// Late counts those of the outbox that wait for longer than 15 minutes.
	Late       int        `json:"outboxLate"`
	OldestSent *time.Time `json:"oldestOutbox,omitempty"`
	Blobs      int64      `json:"blobs"`
	Bytes      int64      `json:"bytes"`
	Records    int64      `json:"records"`
	FreeBytes  int64      `json:"freeBytes"` // -1 when not known
	// Exports are the targets of audit.export of the running process.
	Exports []exportJSON `json:"exports,omitempty"`
	// SetBack is set when the database is older than the messages: reindex.
	SetBack bool `json:"setBack"`
	// Poisoned is set when the disk has failed and nothing more is written.
	Poisoned bool `json:"poisoned"`
}
