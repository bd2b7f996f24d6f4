-- Staged rows of imports, written in small parts and then applied at once. Rows of aborted imports
-- were never applied, and are deleted later.
CREATE TABLE imports (id TEXT PRIMARY KEY, school TEXT NOT NULL, started BIGINT NOT NULL);
CREATE TABLE import_people (
  import TEXT NOT NULL, id TEXT NOT NULL, school TEXT NOT NULL, kind TEXT NOT NULL, class TEXT NOT NULL,
  number_mac BYTEA, key_sealed BYTEA NOT NULL, body_sealed BYTEA NOT NULL, leaves BIGINT NOT NULL,
  PRIMARY KEY (import, id)
);
CREATE TABLE import_passes (
  import TEXT NOT NULL, id TEXT NOT NULL, person TEXT NOT NULL, school TEXT NOT NULL, method TEXT NOT NULL, mac BYTEA NOT NULL,
  created BIGINT NOT NULL, expires BIGINT NOT NULL, body_sealed BYTEA NOT NULL,
  PRIMARY KEY (import, id)
);
CREATE TABLE import_consents (
  import TEXT NOT NULL, person TEXT NOT NULL, given BIGINT NOT NULL, at BIGINT NOT NULL, body_sealed BYTEA NOT NULL,
  PRIMARY KEY (import, person)
);
