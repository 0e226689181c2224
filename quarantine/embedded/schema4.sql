-- One kind of mail is found without passing over what waits of another: mail goes
-- out at once however many notices wait.

CREATE INDEX entry_lane ON entry (kind, not_before, number, created) WHERE done = 0;
