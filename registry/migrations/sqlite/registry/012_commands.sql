-- What devices were told to do, and what became of it.
CREATE TABLE commands (
  id TEXT PRIMARY KEY, device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE, action TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, maker TEXT NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL, changed INTEGER NOT NULL
);
CREATE INDEX commands_device ON commands (device, made);
CREATE INDEX commands_due ON commands (state, due);
-- The certificates with which devices have come. They outlive their device, so that none opens
-- another one that is created under its id.
CREATE TABLE device_certificates (
  device TEXT NOT NULL, fingerprint TEXT NOT NULL, serial TEXT NOT NULL, issuer TEXT NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, revoked INTEGER NOT NULL,
  PRIMARY KEY (device, fingerprint)
);
-- Certificates that were issued before this open nothing.
CREATE TABLE certificate_floors (device TEXT PRIMARY KEY, since INTEGER NOT NULL);
