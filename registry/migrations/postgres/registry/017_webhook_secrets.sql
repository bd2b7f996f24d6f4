-- The previous secret, which also signs until old_until.
ALTER TABLE webhooks ADD COLUMN old_secret_sealed BYTEA;
ALTER TABLE webhooks ADD COLUMN old_until BIGINT NOT NULL DEFAULT 0;
