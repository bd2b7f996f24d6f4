-- The values of a message that were not admitted, one a line, and whether the rest of it was.
ALTER TABLE rejections ADD COLUMN properties TEXT NOT NULL DEFAULT '';
ALTER TABLE rejections ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
