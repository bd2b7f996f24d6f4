-- The previous secret, which also signs until old_until.
ALTER TABLE webhooks ADD COLUMN old_secret_sealed BLOB;
ALTER TABLE webhooks ADD COLUMN old_until INTEGER NOT NULL DEFAULT 0;
