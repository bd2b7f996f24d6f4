-- Rotas and escalation chains, as JSON; overrides, sealed since their reasons are about people; how
-- far the chain of each alert has come (state: due, answered, unanswered, none), and what it did.
CREATE TABLE rotas (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX rotas_school ON rotas (school);

CREATE TABLE rota_overrides (
  id TEXT PRIMARY KEY, rota TEXT NOT NULL REFERENCES rotas (id) ON DELETE CASCADE,
  school TEXT NOT NULL, starts BIGINT NOT NULL, ends BIGINT NOT NULL, created BIGINT NOT NULL,
  body_sealed BYTEA NOT NULL
);
CREATE INDEX rota_overrides_rota ON rota_overrides (rota, ends);

CREATE TABLE escalations (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX escalations_school ON escalations (school);

CREATE TABLE calls (
  alert TEXT PRIMARY KEY, school TEXT NOT NULL, state TEXT NOT NULL, chain TEXT NOT NULL,
  step BIGINT NOT NULL, round BIGINT NOT NULL, due BIGINT NOT NULL, told BIGINT NOT NULL,
  retold BIGINT NOT NULL, version BIGINT NOT NULL, logged BIGINT NOT NULL, head TEXT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE INDEX calls_due ON calls (state, due);

CREATE TABLE call_log (
  alert TEXT NOT NULL REFERENCES calls (alert) ON DELETE CASCADE, n BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (alert, n)
);
