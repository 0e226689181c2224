-- Alerts, and the matches that are counted towards them: rows beside the records of
-- the matches, added in the same transaction.

CREATE TABLE alert (
    id        TEXT PRIMARY KEY,
    key       TEXT NOT NULL, -- what is counted together: rule, mode, user
    policy    TEXT NOT NULL, -- in lower case, as rule is
    rule      TEXT NOT NULL,
    severity  TEXT NOT NULL,
    simulated INTEGER NOT NULL,
    raised    INTEGER NOT NULL,
    first     INTEGER NOT NULL, -- the earliest match
    last      INTEGER NOT NULL, -- the latest one
    events    INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    status    TEXT NOT NULL,
    assignee  TEXT NOT NULL DEFAULT '',
    updated   INTEGER NOT NULL DEFAULT 0,
    due       INTEGER NOT NULL, -- its mail is to be written
    told      INTEGER NOT NULL DEFAULT 0,
    data      TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX alert_key ON alert (key, raised);
CREATE INDEX alert_raised ON alert (raised, id);
CREATE INDEX alert_status ON alert (status, raised, id);
CREATE INDEX alert_due ON alert (raised) WHERE due = 1;

CREATE TABLE alert_event (
    number    INTEGER PRIMARY KEY,
    key       TEXT NOT NULL,
    alert     TEXT NOT NULL, -- empty while it has raised nothing
    user      TEXT NOT NULL,
    record    INTEGER NOT NULL, -- the number of the match's record
    reference TEXT NOT NULL,
    at        INTEGER NOT NULL,
    bytes     INTEGER NOT NULL
);
CREATE INDEX alert_event_open ON alert_event (key, at, bytes) WHERE alert = '';
CREATE INDEX alert_event_alert ON alert_event (alert) WHERE alert <> '';
CREATE INDEX alert_event_user ON alert_event (user, alert) WHERE alert <> '';
CREATE INDEX alert_event_reference ON alert_event (reference);
CREATE INDEX alert_event_at ON alert_event (at);

CREATE TABLE alert_comment (
    number INTEGER PRIMARY KEY,
    alert  TEXT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    text   TEXT NOT NULL
);
CREATE INDEX alert_comment_alert ON alert_comment (alert);
CREATE TRIGGER alert_comment_unchanged BEFORE UPDATE ON alert_comment BEGIN
    SELECT RAISE(ABORT, 'a comment is never changed');
END;
