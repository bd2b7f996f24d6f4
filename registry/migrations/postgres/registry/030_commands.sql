-- Commands are kept until the device is there: what they say (sealed, until they are final), each
-- state's time as JSON, what they were given for, and whether in a drill.
ALTER TABLE commands ADD COLUMN school TEXT NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN said TEXT NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN times TEXT NOT NULL DEFAULT '[]';
ALTER TABLE commands ADD COLUMN alert TEXT NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN lockdown TEXT NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN drill BIGINT NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN order_sealed BYTEA;
UPDATE commands SET school = (SELECT d.school FROM devices d WHERE d.id = commands.device);
UPDATE commands SET state = 'applied' WHERE state = 'confirmed';
UPDATE commands SET state = 'unknown' WHERE state = 'failed' AND reason LIKE 'no answer in time%';
UPDATE commands SET state = 'unknown' WHERE state = 'expired' AND reason LIKE '%may have been done%';
UPDATE commands SET state = 'refused' WHERE state = 'failed';
-- What the version before had handed to a session cannot be sent by this one.
UPDATE commands SET state = 'sent' WHERE state = 'queued';
CREATE INDEX commands_school ON commands (school, made);
CREATE INDEX commands_alert ON commands (alert);
CREATE INDEX commands_lockdown ON commands (lockdown);
