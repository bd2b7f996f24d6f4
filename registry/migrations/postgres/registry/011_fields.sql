-- Fields that devices send and their profiles do not have. example is a number, true, false or
-- empty.
CREATE TABLE device_fields (
  device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL, example TEXT NOT NULL,
  count BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL,
  PRIMARY KEY (device, name)
);
