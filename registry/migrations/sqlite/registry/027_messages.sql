-- Messages to people. A channel is a way by which a school sends.
CREATE TABLE channels (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), kind TEXT NOT NULL, name TEXT NOT NULL,
  settings TEXT NOT NULL, secret_sealed BLOB, disabled INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX channels_school ON channels (school);
-- An address is of a user or of a person; a person's is sealed with the person's own key.
CREATE TABLE addresses (
  id TEXT PRIMARY KEY, school TEXT NOT NULL, usr TEXT REFERENCES users (id) ON DELETE CASCADE,
  person TEXT REFERENCES persons (id) ON DELETE CASCADE, way TEXT NOT NULL, mac BLOB NOT NULL, value_sealed BLOB NOT NULL,
  confirmed INTEGER NOT NULL, created INTEGER NOT NULL,
  code_sealed BLOB, code_until INTEGER NOT NULL, tries INTEGER NOT NULL, lost TEXT NOT NULL -- why it is no longer used, or ''
);
CREATE UNIQUE INDEX addresses_usr ON addresses (usr, way, mac) WHERE usr IS NOT NULL;
CREATE UNIQUE INDEX addresses_person ON addresses (person, way, mac) WHERE person IS NOT NULL;
-- How somebody wishes to be told.
CREATE TABLE wishes (
  who TEXT PRIMARY KEY, usr TEXT REFERENCES users (id) ON DELETE CASCADE,
  person TEXT REFERENCES persons (id) ON DELETE CASCADE, body TEXT NOT NULL
);
CREATE TABLE templates (
  school TEXT NOT NULL REFERENCES schools (id), kind TEXT NOT NULL, language TEXT NOT NULL,
  subject TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (school, kind, language)
);
CREATE TABLE messages (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id), lane TEXT NOT NULL, kind TEXT NOT NULL,
  alert TEXT NOT NULL, asked TEXT NOT NULL, body_sealed BLOB NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL, stopped INTEGER NOT NULL, why TEXT NOT NULL
);
CREATE INDEX messages_school ON messages (school, created, id);
CREATE INDEX messages_created ON messages (created);
CREATE INDEX messages_alert ON messages (alert) WHERE alert <> '';
-- next is when the next step begins, 0 if none will.
CREATE TABLE recipients (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  who TEXT NOT NULL, usr TEXT REFERENCES users (id) ON DELETE CASCADE,
  person TEXT REFERENCES persons (id) ON DELETE CASCADE, channel TEXT NOT NULL, params_sealed BLOB,
  lane TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, step INTEGER NOT NULL, next INTEGER NOT NULL, read INTEGER NOT NULL
);
CREATE UNIQUE INDEX recipients_who ON recipients (message, who);
CREATE INDEX recipients_state ON recipients (message, state, id);
CREATE INDEX recipients_due ON recipients (lane, next) WHERE next > 0;
CREATE INDEX recipients_usr ON recipients (usr);
CREATE INDEX recipients_person ON recipients (person);
-- next is when it is sent, 0 if it will not be; address '' is the channel's own, 'phone' the person's telephone.
CREATE TABLE sendings (
  id INTEGER PRIMARY KEY AUTOINCREMENT, recipient INTEGER NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  channel TEXT NOT NULL, way TEXT NOT NULL, address TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL,
  attempt INTEGER NOT NULL, next INTEGER NOT NULL, code TEXT NOT NULL, error TEXT NOT NULL, peer TEXT NOT NULL,
  sent INTEGER NOT NULL, delivered INTEGER NOT NULL
);
CREATE UNIQUE INDEX sendings_once ON sendings (recipient, channel, address);
CREATE INDEX sendings_due ON sendings (channel, lane, next) WHERE next > 0;
CREATE INDEX sendings_peer ON sendings (channel, peer) WHERE peer <> '';
