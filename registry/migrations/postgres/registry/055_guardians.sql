-- Guardians: the public page of each school, the codes by which they sign in, who is signed in, the leave
-- that they ask for, who answers it, and who looked at a child (audit_object). Times are in microseconds;
-- due 0: never, -1: a code that was sent. guardian_codes.mac and guardian_signins.hash: keyed hashes of the
-- address that was typed, and of the cookie; body_sealed: of a code under the gateway's key, of a request
-- under the pupil's.
CREATE TABLE guardian_pages (
  school TEXT PRIMARY KEY REFERENCES schools (id) ON DELETE CASCADE, code TEXT NOT NULL UNIQUE,
  shown INTEGER NOT NULL, body TEXT NOT NULL, changed BIGINT NOT NULL
);
CREATE TABLE guardian_codes (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, mac BYTEA NOT NULL,
  made BIGINT NOT NULL, until BIGINT NOT NULL, tries INTEGER NOT NULL, due BIGINT NOT NULL, body_sealed BYTEA NOT NULL
);
CREATE INDEX guardian_codes_mac ON guardian_codes (school, mac);
CREATE INDEX guardian_codes_due ON guardian_codes (due);
CREATE TABLE guardian_signins (
  hash BYTEA PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, ends BIGINT NOT NULL,
  persons TEXT NOT NULL
);
CREATE TABLE leave_requests (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  guardian TEXT NOT NULL, state TEXT NOT NULL, starts BIGINT NOT NULL, ends BIGINT NOT NULL, due BIGINT NOT NULL,
  body_sealed BYTEA NOT NULL
);
CREATE INDEX leave_requests_school ON leave_requests (school, state, starts);
CREATE INDEX leave_requests_person ON leave_requests (person);
CREATE INDEX leave_requests_due ON leave_requests (due);
CREATE TABLE leave_chains (
  school TEXT PRIMARY KEY REFERENCES schools (id) ON DELETE CASCADE, body TEXT NOT NULL, changed BIGINT NOT NULL
);
CREATE INDEX audit_object ON audit (object, seq);
