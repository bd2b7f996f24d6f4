-- The subject of a delivery: those of one subject are posted in the order of the journal.
ALTER TABLE deliveries ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_subject ON deliveries (webhook, subject, id) WHERE done = 0;
