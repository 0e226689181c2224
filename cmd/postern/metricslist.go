package main

// measureKind tells the measures apart, as Prometheus does.
type measureKind string

const (
	counter   measureKind = "counter"   // grows from the start of the process
	gauge     measureKind = "gauge"     // of the moment it is asked for
	histogram measureKind = "histogram" // counts by size, with a sum
)

// measure is one metric of /metrics.
type measure struct {
	name   string
	kind   measureKind
	labels []string
	// help says what is measured and in which unit, as one sentence without its full stop.
	help string
	// buckets are those of a histogram.
	buckets []float64
}

// Buckets in seconds and in octets.
var (
	secondBuckets = []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 60}
	clientBuckets = []float64{.001, .005, .02, .1, .5, 1, 5, 20, 60, 300}
	octetBuckets  = []float64{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20}
)

// The metrics that are named in the code.
const (
	mMessages      = "postern_messages_total"
	mRecipients    = "postern_recipients_total"
	mEnforced      = "postern_enforced_total"
	mRuleMatches   = "postern_rule_matches_total"
	mSignals       = "postern_signals_total"
	mUndecided     = "postern_undecided_total"
	mRetries       = "postern_retries_total"
	mMessageOctets = "postern_message_bytes"
	mStage         = "postern_stage_seconds"
	mReceive       = "postern_receive_seconds"
	mDecision      = "postern_decision_seconds"
	mStoreSeconds  = "postern_store_seconds"
	mStoreErrors   = "postern_store_errors_total"
	mRecords       = "postern_records_total"
	mNotices       = "postern_notices_total"
	mUnsent        = "postern_notices_unsent_total"
	mAttempts      = "postern_outbox_attempts_total"
	mLoads         = "postern_policy_loads_total"
	mAlarms        = "postern_alarms_total"
	mLogLines      = "postern_log_lines_total"
)

// measures is every metric of Postern's own, in the order of the documentation.
var measures = []measure{
	{mMessages, counter, []string{"verdict"}, "Messages answered, by the verdict of the message: deliver, block, quarantine, delete, defer; unjudged where there was no decision", nil},
	{mRecipients, counter, []string{"verdict"}, "Recipients of messages that were decided on, by the verdict for them", nil},
	{mEnforced, counter, []string{"policy", "verdict"}, "Messages that a rule decided on for some recipient, by its policy", nil},
	{mRuleMatches, counter, []string{"policy", "rule", "state"}, "Messages that a rule matched, by what became of it: applied, enforced, halted, simulated", nil},
	{mSignals, counter, []string{"signal"}, "Messages with a part that could not be read, or not to its end, by why", nil},
	{mUndecided, counter, nil, "Messages with rules that could not be judged and could have changed the outcome", nil},
	{mRetries, counter, []string{"outcome"}, "Forks that were not done again because the client sent the message before", nil},
	{"postern_message_failures_total", counter, []string{"failure"}, "Messages without a verdict of the policies, or whose verdict did not reach the MTA: tooLarge, noRoom, unread, panic, late, unwritten, notTaken", nil},
	{mDecision, histogram, nil, "Seconds from the end of a message to the last octet of its verdict: what the client waits for", secondBuckets},
	{mStage, histogram, []string{"stage"}, "Seconds that a message spends in one stage: parse, extract, classify, evaluate, commit, reply", secondBuckets},
	{mReceive, histogram, nil, "Seconds from MAIL to the end of the message: mostly the client's own time", clientBuckets},
	{mMessageOctets, histogram, nil, "Octets of messages that were judged", octetBuckets},

	{"postern_sessions_open", gauge, nil, "Connections of the MTA that are open", nil},
	{"postern_sessions_total", counter, []string{"result"}, "Connections of the MTA: accepted, of these broken in the middle of something, and refused because there were too many", nil},
	{"postern_sessions_limit", gauge, nil, "Connections that may be open: limits.connections", nil},
	{"postern_mta_commands_total", counter, []string{"command"}, "Milter commands of the MTA", nil},
	{"postern_messages_in_hand", gauge, []string{"phase"}, "Messages that are being received, or judged", nil},
	{"postern_message_memory_bytes", gauge, nil, "Octets of messages in memory", nil},
	{"postern_message_memory_limit_bytes", gauge, nil, "Octets of messages that may be in memory: limits.memory", nil},
	{"postern_message_spool_bytes", gauge, nil, "Octets of messages in files of the spool, beyond what memory takes", nil},

	{"postern_outbox_entries", gauge, []string{"kind"}, "Mail that waits to be sent: notice, reinject, release", nil},
	{"postern_outbox_oldest_seconds", gauge, []string{"kind"}, "Age of the oldest mail that waits to be sent; 0 without any", nil},
	{mAttempts, counter, []string{"kind", "result"}, "Attempts to send mail of the outbox: delivered, retry (put off for some recipient), failed (for good, for some recipient), unsent (given back)", nil},
	{"postern_outbox_notice_rate", gauge, nil, "Notices that are sent in a second at most: relay.noticeRate", nil},
	{"postern_held_items", gauge, []string{"kind"}, "Held messages", nil},
	{"postern_held_oldest_seconds", gauge, nil, "Age of the oldest held message; 0 without any", nil},
	{"postern_releasing_items", gauge, nil, "Held messages on their way out", nil},
	{"postern_recovered_items", gauge, nil, "Rebuilt messages that wait for an administrator to confirm them", nil},
	{mNotices, counter, []string{"kind"}, "Notices put into the outbox", nil},
	{mUnsent, counter, []string{"kind", "reason"}, "Notices that were due and not sent, by why", nil},

	{mStoreSeconds, histogram, []string{"call"}, "Seconds that a call of the store takes until its result is durable: commit (of a message), append, decide, lease, settle (of the outbox)", secondBuckets},
	{mStoreErrors, counter, []string{"kind"}, "Calls of the store that failed: full, quota, senderQuota, poisoned, corrupt, canceled, other; and what a race decided: conflict, exists, leaseLost, notFound", nil},
	{mRecords, counter, []string{"operation"}, "Records written to the audit table", nil},
	{"postern_store_up", gauge, nil, "1 when the store answered this request, 0 when not", nil},
	{"postern_store_poisoned", gauge, nil, "1 when the disk has failed and the store writes no more", nil},
	{"postern_store_set_back", gauge, nil, "1 when the database is older than the messages, as after a restored back-up", nil},
	{"postern_store_free_bytes", gauge, nil, "Octets of the disk that are free for the store", nil},
	{"postern_store_reserve_bytes", gauge, nil, "Octets of the disk that stay free: store.quota.reserve", nil},
	{"postern_store_blobs", gauge, nil, "Messages stored", nil},
	{"postern_store_bytes", gauge, nil, "Octets of messages stored", nil},
	{"postern_store_records", gauge, nil, "Records stored", nil},

	{"postern_readers", gauge, []string{"state"}, "Processes that read documents: configured, running, busy", nil},
	{"postern_readers_started_total", counter, nil, "Processes that were started to read documents", nil},
	{"postern_readers_lost_total", counter, nil, "Processes that ended while they read a document, or overran", nil},
	{"postern_documents_total", counter, nil, "Documents given to a process to read", nil},
	{"postern_documents_waiting", gauge, nil, "Documents that wait for a process to read them", nil},

	{"postern_directory_up", gauge, nil, "1 when the LDAP servers answered last, 0 when none did", nil},
	{"postern_directory_lookups_total", counter, []string{"answer"}, "Questions to LDAP: cached, asked (of a server), stale (answered by what is too old, since no server answered), failed", nil},

	{"postern_policy_info", gauge, []string{"version"}, "1, with the version of the live set of policies", nil},
	{"postern_policies", gauge, []string{"mode"}, "Policies of the live set, by mode", nil},
	{mLoads, counter, []string{"result"}, "Loads of the files: good, refused", nil},
	{"postern_policy_last_load_good", gauge, nil, "1 when the files as they were last looked at were taken, 0 when they were refused and an older set is live", nil},
	{"postern_policy_last_load_timestamp_seconds", gauge, nil, "When the files were last taken or refused", nil},
	{"postern_policy_live_timestamp_seconds", gauge, nil, "When the live set went live", nil},

	{mAlarms, counter, []string{"alarm"}, "Lines of the log that somebody has to look at, by what they say", nil},
	{mLogLines, counter, []string{"level"}, "Lines of the log", nil},
	{"postern_build_info", gauge, []string{"version", "go"}, "1, with the version of Postern and of Go", nil},
}
