-- Verdicts about one subject are found from its last one, each naming the one before. An index by subject grows at a
-- random place with every verdict, which costs more than all that was ever asked of it.

ALTER TABLE verdicts ADD COLUMN previous INTEGER;       -- the sequence of the verdict before about the same subject
UPDATE verdicts SET previous = (
    SELECT before.sequence FROM verdicts before
    WHERE before.subject = verdicts.subject AND before.subject_sequence = verdicts.subject_sequence - 1)
WHERE subject_sequence > 1;

ALTER TABLE commissions ADD COLUMN last_verdict INTEGER; -- the sequence of its last verdict
UPDATE commissions SET last_verdict = (
    SELECT last.sequence FROM verdicts last
    WHERE last.subject = commissions.commission_id AND last.subject_sequence = commissions.sequence);

-- The last verdict about each subject that is no commission.
CREATE TABLE subjects (
    subject         TEXT PRIMARY KEY,   -- click:…, order:…, creator:…, run:…
    last_verdict    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO subjects SELECT subject, max(sequence) FROM verdicts
WHERE subject NOT IN (SELECT commission_id FROM commissions) GROUP BY subject;

DROP INDEX verdicts_by_subject;
