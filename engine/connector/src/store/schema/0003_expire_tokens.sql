
-- A token can end by itself.
ALTER TABLE tokens ADD COLUMN expires_at INTEGER;       -- not good from then on; for ever where missing
