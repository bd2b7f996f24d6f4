-- Times are microseconds since 1970 UTC, 0 for none. Columns that end in _sealed are
-- AES-256-GCM under a key that is not in this file in clear.
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);

CREATE TABLE schools (
  id TEXT PRIMARY KEY, parent TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  timezone TEXT NOT NULL, language TEXT NOT NULL,
  key_sealed BLOB NOT NULL,
  people_rev INTEGER NOT NULL DEFAULT 0 -- rises with every change of the school's people
);
CREATE INDEX schools_parent ON schools (parent);

CREATE TABLE sites (id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL);
CREATE INDEX sites_school ON sites (school);
CREATE TABLE buildings (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id),
  site TEXT NOT NULL REFERENCES sites (id), name TEXT NOT NULL
);
CREATE INDEX buildings_school ON buildings (school);
CREATE INDEX buildings_site ON buildings (site);
CREATE TABLE zones (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id),
  building TEXT NOT NULL REFERENCES buildings (id), name TEXT NOT NULL, kind TEXT NOT NULL, private INTEGER NOT NULL
);
CREATE INDEX zones_school ON zones (school);
CREATE INDEX zones_building ON zones (building);

CREATE TABLE profiles (id TEXT PRIMARY KEY, type TEXT NOT NULL, offline_after INTEGER NOT NULL, body TEXT NOT NULL);

CREATE TABLE devices (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), zone TEXT NOT NULL,
  profile TEXT NOT NULL REFERENCES profiles (id), driver TEXT NOT NULL, name TEXT NOT NULL, serial TEXT NOT NULL,
  address TEXT NOT NULL, enabled INTEGER NOT NULL, created INTEGER NOT NULL,
  secret_sealed BLOB, password TEXT NOT NULL -- SHA-256 of a random password, or ''
);
CREATE INDEX devices_school ON devices (school, id);
CREATE INDEX devices_zone ON devices (zone);
CREATE INDEX devices_profile ON devices (profile);
CREATE UNIQUE INDEX devices_serial ON devices (driver, serial) WHERE serial <> '';

CREATE TABLE twins (
  device TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
  state TEXT NOT NULL, reason TEXT NOT NULL, last_seen INTEGER NOT NULL, seq INTEGER NOT NULL,
  reported TEXT NOT NULL, desired TEXT NOT NULL
);
CREATE INDEX twins_state ON twins (state, last_seen);

CREATE TABLE persons (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), kind TEXT NOT NULL, class TEXT NOT NULL,
  number_mac BLOB, key_sealed BLOB NOT NULL, body_sealed BLOB NOT NULL
);
CREATE UNIQUE INDEX persons_number ON persons (school, number_mac);
CREATE TABLE consents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  given INTEGER NOT NULL, at INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX consents_person ON consents (person, id);
CREATE TABLE passes (
  id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE, school TEXT NOT NULL,
  method TEXT NOT NULL, mac BLOB, created INTEGER NOT NULL, expires INTEGER NOT NULL,
  quality REAL NOT NULL, model TEXT NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX passes_person ON passes (person);
CREATE UNIQUE INDEX passes_mac ON passes (school, mac);
CREATE INDEX passes_faces ON passes (school, method);

CREATE TABLE users (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL, full_name_sealed BLOB NOT NULL,
  role TEXT NOT NULL, language TEXT NOT NULL, disabled INTEGER NOT NULL, password TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (name);
CREATE INDEX users_school ON users (school);
CREATE TABLE signins (hash TEXT PRIMARY KEY, usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, expires INTEGER NOT NULL);
CREATE INDEX signins_usr ON signins (usr);
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), name TEXT NOT NULL, permissions TEXT NOT NULL,
  subtree INTEGER NOT NULL, hash TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
  last_used INTEGER NOT NULL, revoked INTEGER NOT NULL
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
CREATE INDEX api_keys_school ON api_keys (school);

CREATE TABLE webhooks (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), url TEXT NOT NULL, kinds TEXT NOT NULL,
  secret_sealed BLOB NOT NULL, created INTEGER NOT NULL, disabled INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX webhooks_school ON webhooks (school);
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  event_id TEXT NOT NULL, seq INTEGER NOT NULL, body_sealed BLOB NOT NULL, attempt INTEGER NOT NULL, next INTEGER NOT NULL,
  status INTEGER NOT NULL, error TEXT NOT NULL, done INTEGER NOT NULL, created INTEGER NOT NULL, finished INTEGER NOT NULL
);
CREATE UNIQUE INDEX deliveries_event ON deliveries (webhook, event_id);
CREATE INDEX deliveries_due ON deliveries (done, next);

CREATE TABLE settings (school TEXT NOT NULL, key TEXT NOT NULL, value_sealed BLOB NOT NULL, PRIMARY KEY (school, key));

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, school TEXT NOT NULL, actor TEXT NOT NULL, deed TEXT NOT NULL,
  object TEXT NOT NULL, reason_sealed BLOB, hash TEXT NOT NULL
);
CREATE INDEX audit_school ON audit (school, seq);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), starts INTEGER NOT NULL, ends INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX sessions_time ON sessions (school, starts);
CREATE TABLE leaves (
  id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE, school TEXT NOT NULL,
  starts INTEGER NOT NULL, ends INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX leaves_time ON leaves (school, starts);
CREATE INDEX leaves_person ON leaves (person);
CREATE TABLE attendance (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE, person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  school TEXT NOT NULL, date TEXT NOT NULL, state TEXT NOT NULL, input_hash TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (session, person)
);
CREATE INDEX attendance_date ON attendance (school, date, session, person);
CREATE INDEX attendance_person ON attendance (person, date);
CREATE TABLE corrections (
  id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  person TEXT NOT NULL REFERENCES persons (id) ON DELETE CASCADE, at INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX corrections_session ON corrections (session, id);
CREATE INDEX corrections_person ON corrections (person);

CREATE TABLE alerts (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL,
  device TEXT NOT NULL, zone TEXT NOT NULL, opened INTEGER NOT NULL, resolved INTEGER NOT NULL,
  effect_seq INTEGER NOT NULL, version INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX alerts_opened ON alerts (school, opened, id);
CREATE INDEX alerts_state ON alerts (state, opened, id);
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, state TEXT NOT NULL, opened INTEGER NOT NULL,
  effect_seq INTEGER NOT NULL, version INTEGER NOT NULL, body_sealed BLOB NOT NULL
);
CREATE INDEX incidents_opened ON incidents (school, opened, id);
CREATE TABLE rules_state (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, state_sealed BLOB);
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, body_sealed BLOB NOT NULL);
CREATE UNIQUE INDEX outbox_event ON outbox (event_id);
