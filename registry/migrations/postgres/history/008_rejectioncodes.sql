-- Why something was refused, as a word for programs ('': of before there were any), the device's time
-- where that is why (0: it is not), and the reason for readers of another language.
ALTER TABLE rejections ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE rejections ADD COLUMN clock BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rejections ADD COLUMN said BYTEA;
