-- Commands to devices, and their states.
CREATE TABLE commands (
  id TEXT PRIMARY KEY, device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE, action TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, maker TEXT NOT NULL, made INTEGER NOT NULL, due INTEGER NOT NULL, changed INTEGER NOT NULL
);
CREATE INDEX commands_device ON commands (device, made);
CREATE INDEX commands_due ON commands (state, due);
-- The certificates that devices have presented. They are kept after a device is deleted, so that
-- they are not valid for another one created with its ID.
CREATE TABLE device_certificates (
  device TEXT NOT NULL, fingerprint TEXT NOT NULL, serial TEXT NOT NULL, issuer TEXT NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, revoked INTEGER NOT NULL,
  PRIMARY KEY (device, fingerprint)
);
-- Certificates issued before this are invalid.
CREATE TABLE certificate_floors (device TEXT PRIMARY KEY, since INTEGER NOT NULL);
