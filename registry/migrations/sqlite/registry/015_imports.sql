-- Staged rows of imports, written in small parts and then applied at once. Rows of aborted imports
-- were never applied, and are deleted later.
CREATE TABLE imports (id TEXT PRIMARY KEY, school TEXT NOT NULL, started INTEGER NOT NULL);
CREATE TABLE import_people (
  import TEXT NOT NULL, id TEXT NOT NULL, school TEXT NOT NULL, kind TEXT NOT NULL, class TEXT NOT NULL,
  number_mac BLOB, key_sealed BLOB NOT NULL, body_sealed BLOB NOT NULL, leaves INTEGER NOT NULL,
  PRIMARY KEY (import, id)
);
CREATE TABLE import_passes (
  import TEXT NOT NULL, id TEXT NOT NULL, person TEXT NOT NULL, school TEXT NOT NULL, method TEXT NOT NULL, mac BLOB NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL, body_sealed BLOB NOT NULL,
  PRIMARY KEY (import, id)
);
CREATE TABLE import_consents (
  import TEXT NOT NULL, person TEXT NOT NULL, given INTEGER NOT NULL, at INTEGER NOT NULL, body_sealed BLOB NOT NULL,
  PRIMARY KEY (import, person)
);
