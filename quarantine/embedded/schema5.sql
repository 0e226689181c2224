-- Records are chained: a record cannot be changed, removed, put in or moved
-- without it being found. The record keeps its body, in which texts about people
-- are numbered gaps; the texts stand beside it with a salt each, and the chain
-- covers the salted digests, so that texts can be erased and records deleted at
-- their time.

CREATE TABLE node (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    id    TEXT NOT NULL,
    began INTEGER NOT NULL -- number of the first record that is chained
);
INSERT INTO node (one, id, began) VALUES (1, lower(hex(randomblob(6))),
    coalesce((SELECT seq + 1 FROM sqlite_sequence WHERE name = 'record'), 1));

CREATE TABLE chain (
    id       INTEGER PRIMARY KEY,
    node     TEXT NOT NULL,
    month    TEXT NOT NULL,    -- of the records' times, UTC
    began    INTEGER NOT NULL, -- the node's
    previous INTEGER NOT NULL, -- the chain that was the newest before, 0 for none
    after    INTEGER NOT NULL, -- its records at that time, and
    root     BLOB NOT NULL,    -- its value
    records  INTEGER NOT NULL,
    head     BLOB NOT NULL,
    first    INTEGER NOT NULL, -- numbers of records
    last     INTEGER NOT NULL,
    swept    INTEGER NOT NULL DEFAULT 0, -- how many records were deleted at their time
    dropped  INTEGER NOT NULL DEFAULT 0  -- 1 when all were and the links go, 2 when they are gone
);
CREATE INDEX chain_month ON chain (month, node);

CREATE TABLE link (
    number   INTEGER PRIMARY KEY, -- of the record
    chain    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    digest   BLOB NOT NULL, -- of the record
    texts    BLOB NOT NULL, -- digests of the texts about people, 32 octets each
    value    BLOB NOT NULL, -- of the chain after it
    swept    INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE personal (
    record INTEGER PRIMARY KEY,
    texts  BLOB NOT NULL -- salts and texts
);

CREATE TABLE cursor (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;
