-- The reason of a rejection as a code ('' in older rows), the device's time if that is the reason
-- (otherwise 0), and the reason as a translatable text.
ALTER TABLE rejections ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE rejections ADD COLUMN clock BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rejections ADD COLUMN said BYTEA;
