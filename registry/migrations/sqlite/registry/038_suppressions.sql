-- Shelves and maintenance windows. starts and ends: when each holds, whatever was planned. due: when
-- the alerts are to be looked at again because of it; 0: never more. looked: when they were, so that
-- a clock that was set back is noticed. placed (1): it names places, and devices move.
CREATE TABLE suppressions (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), kind TEXT NOT NULL,
  starts INTEGER NOT NULL, ends INTEGER NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL,
  looked INTEGER NOT NULL, placed INTEGER NOT NULL, version INTEGER NOT NULL, body_sealed BLOB NOT NULL
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
ALTER TABLE alerts ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
UPDATE alerts SET firing = -1 WHERE firing = 0 AND state IN ('open', 'acknowledged');
