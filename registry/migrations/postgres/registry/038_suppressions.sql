-- Shelves and maintenance windows. starts and ends: when each holds, whatever was planned. due: when
-- the alerts are to be looked at again because of it; 0: never more. looked: when they were, so that
-- a clock that was set back is noticed. placed (1): it names places, and devices move.
CREATE TABLE suppressions (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), kind TEXT NOT NULL,
  starts BIGINT NOT NULL, ends BIGINT NOT NULL, made BIGINT NOT NULL, due BIGINT NOT NULL,
  looked BIGINT NOT NULL, placed BIGINT NOT NULL, version BIGINT NOT NULL, body_sealed BYTEA NOT NULL
);
CREATE INDEX suppressions_school ON suppressions (school, ends);
CREATE INDEX suppressions_due ON suppressions (due) WHERE due > 0;
-- What each has hidden, ever.
CREATE TABLE suppressed (
  suppression TEXT NOT NULL REFERENCES suppressions (id) ON DELETE CASCADE, alert TEXT NOT NULL,
  PRIMARY KEY (suppression, alert)
);
-- What hides an alert, or hid it when it was resolved; '': nothing.
ALTER TABLE alerts ADD COLUMN hidden TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN hidden_kind TEXT NOT NULL DEFAULT '';
CREATE INDEX alerts_hidden ON alerts (hidden) WHERE hidden <> '';
CREATE INDEX alerts_firing ON alerts (school) WHERE firing = 1;
-- 1: the condition is over. Rows of before are brought up to date at the start.
ALTER TABLE alerts ADD COLUMN ended BIGINT NOT NULL DEFAULT 0;
UPDATE alerts SET firing = -1 WHERE firing = 0 AND state IN ('open', 'acknowledged');
