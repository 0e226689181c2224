-- What a store of version 1 held: one item with its blob, and two records.
INSERT INTO blob (id, size, sha256, created)
VALUES ('b-old', 42, '32b3326c9de99971b1ec193857746f3df931e47e381d835b64358b3c036d4872', 1767323045000000000);
INSERT INTO item (id, reference, kind, state, blob, sender, size, sha256, created, expires, data)
VALUES ('old', 'P-OLD', 'quarantine', 'held', 'b-old', 'sender@example.com', 42,
    '32b3326c9de99971b1ec193857746f3df931e47e381d835b64358b3c036d4872', 1767323045000000000, 1769915045000000000,
    '{"id":"old","reference":"P-OLD","kind":"quarantine","blob":"b-old","envelope":{"reversePath":"sender@example.com","recipients":[{"raw":"<one@partner.example>","path":"one@partner.example"}]},"created":"2026-01-02T03:04:05Z","expires":"2026-02-01T03:04:05Z","size":42,"sha256":"32b3326c9de99971b1ec193857746f3df931e47e381d835b64358b3c036d4872","state":"held"}');
INSERT INTO recipient (item, address) VALUES ('old', 'one@partner.example');
INSERT INTO record (time, reference, queue_id, operation, data) VALUES (1767323045000000000, 'P-OLD', 'Q1', 'hold', '{}');
INSERT INTO record (time, reference, queue_id, operation, data) VALUES (1767323045000000000, '', '', 'policy', '{}');
