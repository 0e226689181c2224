-- Counts that every commit needs are kept instead of counted, and the sequence
-- tells a database that has been set back.

CREATE TABLE tally (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    blobs    INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    records  INTEGER NOT NULL,
    sequence INTEGER NOT NULL -- grows with every transaction
);
INSERT INTO tally (one, blobs, bytes, records, sequence) VALUES (1,
    (SELECT count(*) FROM blob),
    (SELECT coalesce(sum(size), 0) FROM blob),
    (SELECT count(*) FROM record),
    0);

CREATE TRIGGER blob_added AFTER INSERT ON blob BEGIN
    UPDATE tally SET blobs = blobs + 1, bytes = bytes + NEW.size;
END;
CREATE TRIGGER blob_deleted AFTER DELETE ON blob BEGIN
    UPDATE tally SET blobs = blobs - 1, bytes = bytes - OLD.size;
END;
CREATE TRIGGER record_added AFTER INSERT ON record BEGIN
    UPDATE tally SET records = records + 1;
END;
CREATE TRIGGER record_deleted AFTER DELETE ON record BEGIN
    UPDATE tally SET records = records - 1;
END;
