-- Passkeys: a hash of the credential ID, which is unique; the relying party that it was created
-- for; and whether its counter went back, which indicates a copy.
ALTER TABLE second_factors ADD COLUMN credential TEXT;
ALTER TABLE second_factors ADD COLUMN rp TEXT NOT NULL DEFAULT '';
ALTER TABLE second_factors ADD COLUMN copied BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX second_factors_credential ON second_factors (credential);
