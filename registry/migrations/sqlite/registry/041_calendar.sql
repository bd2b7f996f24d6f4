-- What the days of a school are. starts: the first day, YYYY-MM-DD.
CREATE TABLE calendar_entries (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), starts TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX calendar_entries_school ON calendar_entries (school, starts);
