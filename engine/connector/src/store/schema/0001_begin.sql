-- Times end in _at and are milliseconds since the epoch; positions and sequences are integers; amounts are integers in
-- the minor units of the currency beside them; identifiers, decisions and codes are text as in the outputs.

-- THE LOG: what was accepted, in the order in which it is decided.

-- A stretch of the log as one commit wrote it.
CREATE TABLE blocks (
    number          INTEGER PRIMARY KEY,
    first_position  INTEGER NOT NULL,
    last_position   INTEGER NOT NULL,
    stamp_at        INTEGER,            -- the latest receipt among its records
    body            BLOB NOT NULL       -- records, packed with zstd
) STRICT;

-- What makes a block permanent: each names the one before it by its hash.
CREATE TABLE manifests (
    number          INTEGER PRIMARY KEY,
    previous        BLOB NOT NULL,      -- SHA-256 of the manifest before; zeros for the first
    first_position  INTEGER NOT NULL,
    last_position   INTEGER NOT NULL UNIQUE,
    checksum        BLOB NOT NULL,      -- SHA-256 of the block's body
    ruleset         TEXT NOT NULL,      -- in force after the last record
    semantics       INTEGER NOT NULL,
    hash            BLOB NOT NULL       -- SHA-256 of all of the above
) STRICT;

-- Records that steer the engine, once more: genesis, ticks, rulesets, upgrades.
CREATE TABLE controls (
    position        INTEGER PRIMARY KEY,
    ruleset         TEXT,               -- in force from here, where it names one
    body            TEXT NOT NULL       -- JSON
) STRICT;
CREATE INDEX controls_by_ruleset ON controls (ruleset, position) WHERE ruleset IS NOT NULL;

-- Sources of rulesets, for ever.
CREATE TABLE rulesets (
    hash            TEXT PRIMARY KEY,
    kept_at         INTEGER NOT NULL,   -- not before
    archive         BLOB NOT NULL
) STRICT;

-- How far the log is decided, and what follows from it permanent. One row.
CREATE TABLE progress (
    lane            INTEGER PRIMARY KEY CHECK (lane = 0),
    position        INTEGER,            -- decided through here
    clock_at        INTEGER,            -- the log clock there
    verdicts        INTEGER NOT NULL    -- how many there are
) STRICT;
INSERT INTO progress VALUES (0, NULL, NULL, 0);

-- THE OUTPUTS: what was decided.

CREATE TABLE verdicts (
    sequence        INTEGER PRIMARY KEY, -- gap-free from 1
    position        INTEGER NOT NULL,
    verdict_id      TEXT NOT NULL,
    subject         TEXT NOT NULL,      -- the commission's id, or click:…, order:…, creator:…, run:…
    subject_sequence INTEGER NOT NULL,  -- gap-free from 1 per subject
    decision        TEXT NOT NULL,
    beneficiary     TEXT,
    order_id        TEXT,
    program_id      TEXT NOT NULL,
    market          TEXT NOT NULL,
    occurred_at     INTEGER NOT NULL,
    body            TEXT NOT NULL       -- the verdict as it is published: JSON
) STRICT;
CREATE INDEX verdicts_by_position ON verdicts (position);
CREATE INDEX verdicts_by_subject ON verdicts (subject, subject_sequence);

-- What rules said, in their words. May hold personal data: never published.
CREATE TABLE explanations (
    number          INTEGER PRIMARY KEY,
    position        INTEGER NOT NULL,
    program_id      TEXT,               -- with order_id
    order_id        TEXT,
    click_id        TEXT,
    rule            TEXT NOT NULL,
    effect          TEXT NOT NULL,      -- hold, hold_all_of, hold_creator, flag, score, invalidate, reject, failed
    until           TEXT,               -- of a hold: a length of time (24h), reviewed, or default
    score           INTEGER,
    reason          TEXT NOT NULL,
    evidence        TEXT NOT NULL       -- JSON
) STRICT;
CREATE INDEX explanations_by_position ON explanations (position);

-- Records that were refused, with their bytes.
CREATE TABLE dead_letters (
    number          INTEGER PRIMARY KEY,
    position        INTEGER NOT NULL,
    refused_at_position INTEGER NOT NULL, -- later than position for one that was parked
    code            TEXT NOT NULL,
    pointer         TEXT NOT NULL,      -- JSON pointer of what is wrong
    detail          TEXT NOT NULL,
    raw             BLOB NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0, -- to replay it
    state           TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'given_up'))
) STRICT;
CREATE INDEX dead_letters_by_state ON dead_letters (state, number);

-- What was measured, so that another ruleset can be measured over the past and a judgement be explained.
CREATE TABLE rows (
    last_position   INTEGER PRIMARY KEY, -- complete from first_position to here
    first_position  INTEGER NOT NULL,
    clock_at        INTEGER NOT NULL,   -- the log clock at the last of them
    checksum        BLOB NOT NULL,      -- SHA-256 of the body
    body            BLOB NOT NULL       -- rows, packed with zstd
) STRICT;
CREATE INDEX rows_by_clock ON rows (clock_at, last_position);

-- Which rows speak of an order. Orders by 64 bits of a hash: two that collide cost a look, and nothing else.
CREATE TABLE row_orders (
    order_hash      INTEGER NOT NULL,
    rows            INTEGER NOT NULL,   -- rows.last_position
    PRIMARY KEY (order_hash, rows)
) STRICT, WITHOUT ROWID;

-- THE BOOKS: where every commission stands. They follow from the verdicts alone.

CREATE TABLE commissions (
    number          INTEGER PRIMARY KEY, -- the sequence of its first verdict
    commission_id   TEXT NOT NULL UNIQUE,
    program_id      TEXT NOT NULL,
    order_id        TEXT,
    shop_id         TEXT,
    market          TEXT NOT NULL,
    beneficiary     TEXT NOT NULL,      -- creator:ID or agency:ID
    creator_id      TEXT,               -- of a creator's
    component       TEXT NOT NULL,
    currency        TEXT NOT NULL,
    accrued         INTEGER NOT NULL,   -- = the sum of the ten that follow
    pending         INTEGER NOT NULL,
    held            INTEGER NOT NULL,
    released        INTEGER NOT NULL,
    scheduled       INTEGER NOT NULL,
    paid            INTEGER NOT NULL,
    owed_back       INTEGER NOT NULL,
    recovered       INTEGER NOT NULL,
    written_off     INTEGER NOT NULL,
    reduced         INTEGER NOT NULL,
    void            INTEGER NOT NULL,
    due_at          INTEGER,            -- when it would be released as things stand
    held_since_at   INTEGER,            -- since when some of it has been held
    sequence        INTEGER NOT NULL,   -- its verdicts so far
    first_position  INTEGER NOT NULL,
    last_position   INTEGER NOT NULL,
    first_at        INTEGER NOT NULL,   -- the time of its first verdict
    last_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX commissions_by_order ON commissions (order_id, program_id) WHERE order_id IS NOT NULL;
CREATE INDEX commissions_by_beneficiary ON commissions (beneficiary, number);
CREATE INDEX commissions_by_shop ON commissions (shop_id, number) WHERE shop_id IS NOT NULL;
CREATE INDEX commissions_held ON commissions (number) WHERE held > 0;

-- A hold on a commission, from when it was placed until it ended; one that is placed again is another row.
CREATE TABLE holds (
    number          INTEGER PRIMARY KEY,
    hold_id         TEXT NOT NULL,      -- a group's or a creator's is on many commissions
    commission      INTEGER NOT NULL REFERENCES commissions (number),
    commission_id   TEXT NOT NULL,
    order_id        TEXT,
    rule            TEXT NOT NULL,
    public_code     TEXT,
    market          TEXT NOT NULL,
    shop_id         TEXT,
    beneficiary     TEXT NOT NULL,
    currency        TEXT NOT NULL,
    amount          INTEGER NOT NULL,   -- held of the commission; all its holds hold the same money
    since_at        INTEGER NOT NULL,
    since_position  INTEGER NOT NULL,
    until_at        INTEGER,            -- until reviewed, where missing
    ended_at        INTEGER,            -- stands, where missing
    ended_position  INTEGER
) STRICT;
CREATE UNIQUE INDEX holds_standing ON holds (commission, hold_id) WHERE ended_at IS NULL;
CREATE INDEX holds_by_id ON holds (hold_id, number);
CREATE INDEX holds_by_age ON holds (since_at, number) WHERE ended_at IS NULL;
CREATE INDEX holds_by_amount ON holds (amount, number) WHERE ended_at IS NULL;
CREATE INDEX holds_by_end ON holds (ifnull(until_at, 9223372036854775807), number) WHERE ended_at IS NULL;
CREATE INDEX holds_by_rule ON holds (rule, number) WHERE ended_at IS NULL;
CREATE INDEX holds_by_shop ON holds (shop_id, number) WHERE ended_at IS NULL;
CREATE INDEX holds_by_beneficiary ON holds (beneficiary, number) WHERE ended_at IS NULL;

-- The accounts of each program, market and currency.
CREATE TABLE totals (
    program_id      TEXT NOT NULL,
    market          TEXT NOT NULL,
    currency        TEXT NOT NULL,
    commissions     INTEGER NOT NULL,   -- how many
    accrued         INTEGER NOT NULL,
    pending         INTEGER NOT NULL,
    held            INTEGER NOT NULL,
    released        INTEGER NOT NULL,
    scheduled       INTEGER NOT NULL,
    paid            INTEGER NOT NULL,
    owed_back       INTEGER NOT NULL,
    recovered       INTEGER NOT NULL,
    written_off     INTEGER NOT NULL,
    reduced         INTEGER NOT NULL,
    void            INTEGER NOT NULL,
    PRIMARY KEY (program_id, market, currency)
) STRICT, WITHOUT ROWID;

-- The accounts of each beneficiary by currency.
CREATE VIEW creators AS
SELECT beneficiary, creator_id, currency, count(*) AS commissions,
    sum(accrued) AS accrued, sum(pending) AS pending, sum(held) AS held, sum(released) AS released,
    sum(scheduled) AS scheduled, sum(paid) AS paid, sum(owed_back) AS owed_back, sum(recovered) AS recovered,
    sum(written_off) AS written_off, sum(reduced) AS reduced, sum(void) AS void,
    min(held_since_at) AS held_since_at, min(first_at) AS first_at, max(last_at) AS last_at
FROM commissions GROUP BY beneficiary, creator_id, currency;

-- WHO MAY DO WHAT.

CREATE TABLE tokens (
    token_id        TEXT PRIMARY KEY,
    identity        TEXT NOT NULL,
    scopes          TEXT NOT NULL,      -- what it may do: a JSON list of kinds, and read, ruleset
    hash            BLOB NOT NULL,      -- SHA-256 of the whole token
    created_at      INTEGER NOT NULL,
    revoked_at      INTEGER
) STRICT;
