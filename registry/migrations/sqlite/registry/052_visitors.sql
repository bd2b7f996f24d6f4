-- Visitors register themselves: a public page of each school, the people and passes that a visit has
-- while it lasts, who is not let in, and when the gateway has to look at a visit next. due, starts,
-- ends, changed: in microseconds; visits.due 0: never. passes.starts 0: always; passes.held: a reason
-- for which whoever shows it does not come in, inside: they are in already.
ALTER TABLE visits ADD COLUMN due INTEGER NOT NULL DEFAULT 1;
CREATE INDEX visits_due ON visits (due);
ALTER TABLE passes ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE passes ADD COLUMN held TEXT NOT NULL DEFAULT '';
CREATE TABLE visit_people (
  person TEXT PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
  visit TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE
);
CREATE INDEX visit_people_visit ON visit_people (visit);
CREATE TABLE visit_pages (
  school TEXT PRIMARY KEY REFERENCES schools (id) ON DELETE CASCADE, code TEXT NOT NULL UNIQUE,
  shown INTEGER NOT NULL, body TEXT NOT NULL, changed INTEGER NOT NULL
);
CREATE TABLE barred (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
  phone_mac BLOB NOT NULL, id_mac BLOB NOT NULL, ends INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX barred_school ON barred (school, ends);
