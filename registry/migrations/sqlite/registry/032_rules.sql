-- Every version of the rules that schools have written; the newest of each is in force unless it is
-- disabled or deleted. maker is the ID of a user or key; '' for the gateway itself.
CREATE TABLE rule_versions (
  school TEXT NOT NULL REFERENCES schools (id),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  replaces INTEGER NOT NULL,
  template TEXT NOT NULL,
  note TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  maker TEXT NOT NULL,
  maker_name TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (school, id, version)
);
