-- Alerts that look resolved to one user alone, who was made to give the all-clear; at: since when.
CREATE TABLE feints (
  alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE, usr TEXT NOT NULL, name TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (alert, usr)
);
CREATE INDEX feints_usr ON feints (usr);
