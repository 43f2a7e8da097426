-- A dead letter can be mended and closed: by whom, when and why is kept beside it, and which record it became.

CREATE TABLE dead_letters_3 (
    number          INTEGER PRIMARY KEY,
    position        INTEGER NOT NULL,
    refused_at_position INTEGER NOT NULL, -- later than position for one that was parked
    code            TEXT NOT NULL,
    pointer         TEXT NOT NULL,      -- JSON pointer of what is wrong
    detail          TEXT NOT NULL,
    raw             BLOB NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0, -- to replay it
    state           TEXT NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'replayed', 'mended', 'closed', 'given_up')),
    ended_at        INTEGER,            -- when it was dealt with
    ended_by        TEXT,               -- the identity that did
    became_position INTEGER,            -- the record that was accepted in its place
    note            TEXT                -- why it was closed
) STRICT;
INSERT INTO dead_letters_3
    (number, position, refused_at_position, code, pointer, detail, raw, attempts, state)
SELECT number, position, refused_at_position, code, pointer, detail, raw, attempts, state FROM dead_letters;
DROP TABLE dead_letters;
ALTER TABLE dead_letters_3 RENAME TO dead_letters;
CREATE INDEX dead_letters_by_state ON dead_letters (state, number);


-- A token can end by itself.
ALTER TABLE tokens ADD COLUMN expires_at INTEGER;       -- not good from then on; for ever where missing
