-- Who looks after what needs a person, and what is settled, by the id of the exception. marked: when it was
-- changed last; body_sealed: under the school's key.
CREATE TABLE exception_marks (
  school TEXT NOT NULL REFERENCES schools (id), id TEXT NOT NULL, marked BIGINT NOT NULL,
  body_sealed BYTEA NOT NULL, PRIMARY KEY (school, id)
);
