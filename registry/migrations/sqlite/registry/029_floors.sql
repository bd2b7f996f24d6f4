-- Floors of buildings with their plans. A plan's drawing is a sealed file of the media store.
CREATE TABLE floors (
  id TEXT PRIMARY KEY, school TEXT NOT NULL REFERENCES schools (id),
  building TEXT NOT NULL REFERENCES buildings (id), name TEXT NOT NULL, level INTEGER NOT NULL,
  picture TEXT NOT NULL DEFAULT '', type TEXT NOT NULL DEFAULT '', -- '': no plan
  width INTEGER NOT NULL DEFAULT 0, height INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX floors_school ON floors (school);
CREATE INDEX floors_building ON floors (building);

ALTER TABLE zones ADD COLUMN floor TEXT NOT NULL DEFAULT '';
CREATE INDEX zones_floor ON zones (floor);

-- Positions on a plan are parts of its width and height, from 0 to 1. They count while the zone,
-- or the device's zone, is on that floor.
CREATE TABLE zone_areas (
  zone TEXT PRIMARY KEY REFERENCES zones (id) ON DELETE CASCADE,
  floor TEXT NOT NULL REFERENCES floors (id) ON DELETE CASCADE,
  x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL
);
CREATE INDEX zone_areas_floor ON zone_areas (floor);
CREATE TABLE device_spots (
  device TEXT PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
  floor TEXT NOT NULL REFERENCES floors (id) ON DELETE CASCADE,
  x REAL NOT NULL, y REAL NOT NULL
);
CREATE INDEX device_spots_floor ON device_spots (floor);
