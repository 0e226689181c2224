-- Times are nanoseconds since 1970 UTC; 0 is no time.

CREATE TABLE blob (
    id      TEXT PRIMARY KEY,
    size    INTEGER NOT NULL, -- octets of the message
    sha256  TEXT NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE item (
    id            TEXT PRIMARY KEY,
    reference     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    state         TEXT NOT NULL,
    blob          TEXT NOT NULL UNIQUE,
    sender        TEXT NOT NULL, -- the key of the reverse-path
    size          INTEGER NOT NULL,
    sha256        TEXT NOT NULL,
    created       INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    legal_hold    INTEGER NOT NULL DEFAULT 0,
    recovered     INTEGER NOT NULL DEFAULT 0,
    seen          INTEGER NOT NULL DEFAULT 0,
    last_seen     INTEGER NOT NULL DEFAULT 0,
    event         TEXT NOT NULL DEFAULT '',
    decided_by    TEXT NOT NULL DEFAULT '',
    decided_at    INTEGER NOT NULL DEFAULT 0,
    justification TEXT NOT NULL DEFAULT '',
    ended         INTEGER NOT NULL DEFAULT 0, -- when the state became terminal
    purged        INTEGER NOT NULL DEFAULT 0, -- when the blob was deleted
    data          TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX item_created ON item (created, id);
CREATE INDEX item_state ON item (state, expires);
CREATE INDEX item_sender ON item (sender, state, size);
CREATE INDEX item_reference ON item (reference);
CREATE INDEX item_ended ON item (ended) WHERE ended > 0;

CREATE TABLE recipient (
    item    TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    address TEXT NOT NULL, -- the key of the forward-path
    PRIMARY KEY (item, address)
) WITHOUT ROWID;
CREATE INDEX recipient_address ON recipient (address);

CREATE TABLE entry (
    number     INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    item       TEXT NOT NULL,
    reference  TEXT NOT NULL,
    blob       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempt    INTEGER NOT NULL DEFAULT 0,
    leased     INTEGER NOT NULL DEFAULT 0,
    done       INTEGER NOT NULL DEFAULT 0,
    hold_again INTEGER NOT NULL DEFAULT 0,
    recipients TEXT NOT NULL,
    data       TEXT NOT NULL
);
CREATE INDEX entry_open ON entry (not_before) WHERE done = 0;
CREATE INDEX entry_done ON entry (done) WHERE done > 0;
CREATE INDEX entry_item ON entry (item);
CREATE INDEX entry_blob ON entry (blob);
CREATE INDEX entry_reference ON entry (reference);

CREATE TABLE fingerprint (
    number    INTEGER PRIMARY KEY,
    digest    TEXT NOT NULL,
    client    TEXT NOT NULL,
    message   TEXT NOT NULL, -- the client's own Message-ID
    date      TEXT NOT NULL, -- the client's own Date
    item      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    data      TEXT NOT NULL
);
CREATE INDEX fingerprint_digest ON fingerprint (digest);
CREATE INDEX fingerprint_expires ON fingerprint (expires);

CREATE TABLE record (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    time      INTEGER NOT NULL,
    reference TEXT NOT NULL,
    queue_id  TEXT NOT NULL,
    operation TEXT NOT NULL,
    data      TEXT NOT NULL
);
CREATE INDEX record_time ON record (time);
CREATE INDEX record_reference ON record (reference);
CREATE INDEX record_queue_id ON record (queue_id);
