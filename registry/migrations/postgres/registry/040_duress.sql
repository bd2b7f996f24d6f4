-- Codes that are accepted and tell that their holder is made to use them: a person's PIN, and beside a
-- user's code for the all-clear another one. Of both keyed hashes are kept.
ALTER TABLE passes ADD COLUMN duress INTEGER NOT NULL DEFAULT 0;
CREATE TABLE clear_codes (
  usr TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE, code BYTEA NOT NULL, duress BYTEA NOT NULL,
  tries INTEGER NOT NULL, tried BIGINT NOT NULL
);
