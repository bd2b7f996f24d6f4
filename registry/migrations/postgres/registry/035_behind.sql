-- The device that this one hangs on: a switch, a gateway or a power supply; '' if none is named.
ALTER TABLE devices ADD COLUMN behind TEXT NOT NULL DEFAULT '';
CREATE INDEX devices_behind ON devices (behind) WHERE behind <> '';
