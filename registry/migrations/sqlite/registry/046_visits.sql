-- Who visits a school, and when. starts, ends: the time for which it is meant, in microseconds;
-- body_sealed: the rest, under the school's key.
CREATE TABLE visits (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), state TEXT NOT NULL,
  starts INTEGER NOT NULL, ends INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX visits_school ON visits (school, starts);
