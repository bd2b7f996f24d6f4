-- Passkeys: which credential it is (a hash; one user's only), the name of the relying party that it
-- was made for, and whether its counter once went back, as that of a copy does.
ALTER TABLE second_factors ADD COLUMN credential TEXT;
ALTER TABLE second_factors ADD COLUMN rp TEXT NOT NULL DEFAULT '';
ALTER TABLE second_factors ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX second_factors_credential ON second_factors (credential);
