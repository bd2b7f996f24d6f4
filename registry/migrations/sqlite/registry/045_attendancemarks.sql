-- What attendance is to be computed again: of a session (''; those of the school that touch starts
-- to ends), for a person ('': everybody). cause: what changed.
CREATE TABLE attendance_marks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE,
  session TEXT NOT NULL, person TEXT NOT NULL, starts INTEGER NOT NULL, ends INTEGER NOT NULL, cause TEXT NOT NULL
);
