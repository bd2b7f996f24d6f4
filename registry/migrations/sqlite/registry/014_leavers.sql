-- left_at is when somebody left the school, 0 for those who are there.
ALTER TABLE persons ADD COLUMN left_at INTEGER NOT NULL DEFAULT 0;
-- Which column of a file was read as what, by the headings that the file had.
CREATE TABLE import_columns (
  school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, headings TEXT NOT NULL, columns TEXT NOT NULL, used INTEGER NOT NULL,
  PRIMARY KEY (school, headings)
);
