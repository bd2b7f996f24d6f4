-- What a school does at a threat level, where it is not as delivered; as JSON.
CREATE TABLE threat_levels (
  school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, id TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (school, id)
);
-- The times at which a threat level stood; cleared is 0 while it does.
CREATE TABLE lockdowns (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, level TEXT NOT NULL,
  drill BIGINT NOT NULL, raised BIGINT NOT NULL, cleared BIGINT NOT NULL, body_sealed BYTEA NOT NULL
);
CREATE INDEX lockdowns_school ON lockdowns (school, raised);
CREATE INDEX lockdowns_standing ON lockdowns (cleared, school);
ALTER TABLE alerts ADD COLUMN drill BIGINT NOT NULL DEFAULT 0;
