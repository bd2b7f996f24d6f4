-- The maker of a key or a webhook, whose permissions limit it: ID of a user or a key; '' if
-- unknown. Older makers are only in the audit log.
ALTER TABLE api_keys ADD COLUMN maker TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN maker TEXT NOT NULL DEFAULT '';
UPDATE api_keys SET maker = COALESCE((SELECT split_part(a.actor, ' ', 1) FROM audit a
  WHERE a.deed = 'key.create' AND a.object = api_keys.id AND a.actor NOT LIKE 'gateway:%' ORDER BY a.seq LIMIT 1), '');
UPDATE webhooks SET maker = COALESCE((SELECT split_part(a.actor, ' ', 1) FROM audit a
  WHERE a.deed = 'webhook.create' AND a.object = webhooks.id AND a.actor NOT LIKE 'gateway:%' ORDER BY a.seq LIMIT 1), '');
CREATE INDEX api_keys_maker ON api_keys (maker);
