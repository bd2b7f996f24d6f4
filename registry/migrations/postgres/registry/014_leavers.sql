-- left_at is when a person left the school, 0 for current people.
ALTER TABLE persons ADD COLUMN left_at BIGINT NOT NULL DEFAULT 0;
-- The mapping of columns to fields in imports, by the headings of the file.
CREATE TABLE import_columns (
  school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, headings TEXT NOT NULL, columns TEXT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (school, headings)
);
