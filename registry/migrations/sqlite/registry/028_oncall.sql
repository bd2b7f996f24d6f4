-- Rotas and escalation chains, as JSON; overrides, sealed since their reasons are about people; how
-- far the chain of each alert has come (state: due, answered, unanswered, none), and what it did.
CREATE TABLE rotas (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX rotas_school ON rotas (school);

CREATE TABLE rota_overrides (
  id TEXT PRIMARY KEY, rota TEXT NOT NULL REFERENCES rotas (id) ON DELETE CASCADE,
  school TEXT NOT NULL, starts INTEGER NOT NULL, ends INTEGER NOT NULL, created INTEGER NOT NULL,
  body_sealed BLOB NOT NULL
);
CREATE INDEX rota_overrides_rota ON rota_overrides (rota, ends);

CREATE TABLE escalations (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX escalations_school ON escalations (school);

CREATE TABLE calls (
  alert TEXT PRIMARY KEY, school TEXT NOT NULL, state TEXT NOT NULL, chain TEXT NOT NULL,
  step INTEGER NOT NULL, round INTEGER NOT NULL, due INTEGER NOT NULL, told INTEGER NOT NULL,
  retold INTEGER NOT NULL, version INTEGER NOT NULL, logged INTEGER NOT NULL, head TEXT NOT NULL,
  changed INTEGER NOT NULL
);
CREATE INDEX calls_due ON calls (state, due);

CREATE TABLE call_log (
  alert TEXT NOT NULL REFERENCES calls (alert) ON DELETE CASCADE, n INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (alert, n)
);
