-- Further alerts with an incident's cause, soon after its latest, are gathered in it. Incidents of
-- before have no cause.
ALTER TABLE incidents ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN latest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN drill BIGINT NOT NULL DEFAULT 0;
CREATE INDEX incidents_cause ON incidents (school, cause, latest) WHERE cause <> '';
-- What a rule would have opened, and the incident that gathered it.
CREATE TABLE incident_aliases (id TEXT PRIMARY KEY, incident TEXT NOT NULL);
-- What happened to an incident. n follows from the incident's version.
CREATE TABLE incident_log (
  incident TEXT NOT NULL, n BIGINT NOT NULL, body_sealed BYTEA NOT NULL, PRIMARY KEY (incident, n)
);
-- Every version of the procedures that schools have written, and (school '') of the gateway's files.
CREATE TABLE procedure_versions (
  school TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL, body TEXT NOT NULL, note TEXT NOT NULL,
  deleted BIGINT NOT NULL, maker TEXT NOT NULL, maker_name TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (school, id, version)
);
-- What one shift tells the next; taken is 0 until somebody has signed for it.
CREATE TABLE shift_notes (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, given BIGINT NOT NULL, taken BIGINT NOT NULL,
  version BIGINT NOT NULL, body_sealed BYTEA NOT NULL
);
CREATE INDEX shift_notes_school ON shift_notes (school, given);
