-- What devices send that their profiles do not know. example is a number, true or false, else empty.
CREATE TABLE device_fields (
  device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL, example TEXT NOT NULL,
  count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (device, name)
);
