-- Who may collect a pupil, from when to when, and who came to the gate for one. Times are in microseconds;
-- body_sealed: under the pupil's key; handovers.due: when an alert is to be raised, 0: never.
CREATE TABLE collectors (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  starts INTEGER NOT NULL, ends INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX collectors_person ON collectors (person, ends);
CREATE TABLE handovers (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  at INTEGER NOT NULL, due INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX handovers_person ON handovers (person, at);
CREATE INDEX handovers_due ON handovers (due);
CREATE INDEX handovers_at ON handovers (at);
