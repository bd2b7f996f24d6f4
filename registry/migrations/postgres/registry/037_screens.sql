-- A key of a guard room's screen reads what that shows, and nothing else.
ALTER TABLE api_keys ADD COLUMN screen INTEGER NOT NULL DEFAULT 0;
