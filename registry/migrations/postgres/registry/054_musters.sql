-- Musters: who had to be found when one began, and what was ticked. closed: 0 while it is open;
-- body_sealed, list_sealed: under the school's key; at: by the telephone's clock. The person of a tick
-- may be deleted later; the tick stays.
CREATE TABLE musters (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), started BIGINT NOT NULL,
  closed BIGINT NOT NULL, body_sealed BYTEA NOT NULL, list_sealed BYTEA NOT NULL
);
CREATE INDEX musters_school ON musters (school, started);
CREATE TABLE muster_ticks (
  muster TEXT NOT NULL REFERENCES musters (id), id TEXT NOT NULL, person TEXT NOT NULL, word TEXT NOT NULL,
  at BIGINT NOT NULL, actor TEXT NOT NULL, received BIGINT NOT NULL, PRIMARY KEY (muster, id)
);
