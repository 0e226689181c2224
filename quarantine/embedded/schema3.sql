-- Lists, counts and the outbox stay quick however much is held, and records are
-- written once.

ALTER TABLE tally ADD COLUMN items INTEGER NOT NULL DEFAULT 0; -- held or being released
UPDATE tally SET items = (SELECT count(*) FROM item WHERE state IN ('held', 'releasing'));

CREATE TRIGGER item_added AFTER INSERT ON item WHEN NEW.state IN ('held', 'releasing') BEGIN
    UPDATE tally SET items = items + 1;
END;
CREATE TRIGGER item_moved AFTER UPDATE OF state ON item BEGIN
    UPDATE tally SET items = items + (NEW.state IN ('held', 'releasing')) - (OLD.state IN ('held', 'releasing'));
END;
CREATE TRIGGER item_deleted AFTER DELETE ON item WHEN OLD.state IN ('held', 'releasing') BEGIN
    UPDATE tally SET items = items - 1;
END;
CREATE TRIGGER record_unchanged BEFORE UPDATE ON record BEGIN
    SELECT RAISE(ABORT, 'a record is never changed');
END;

-- The columns behind the first ones spare a look into the rows, which are long.
CREATE INDEX item_open ON item (state, created, id, kind, recovered);
CREATE INDEX item_legal ON item (created, id) WHERE legal_hold = 1;
CREATE INDEX item_recovered ON item (created, id) WHERE recovered = 1;
CREATE INDEX item_grace ON item (ended) WHERE ended > 0 AND purged = 0;
CREATE INDEX entry_age ON entry (created, attempt, not_before, item) WHERE done = 0;
