-- Second factors: TOTP secrets or passkeys, encrypted; recovery codes as hashes, deleted when used;
-- the roles of which a school requires one; and sign-ins that wait for the factor.
CREATE TABLE second_factors (
  id TEXT PRIMARY KEY, usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, kind TEXT NOT NULL, name TEXT NOT NULL,
  secret_sealed BLOB NOT NULL, confirmed INTEGER NOT NULL, step INTEGER NOT NULL, created INTEGER NOT NULL, used INTEGER NOT NULL
);
CREATE INDEX second_factors_usr ON second_factors (usr);
CREATE TABLE recovery_codes (usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, hash TEXT NOT NULL, PRIMARY KEY (usr, hash));
CREATE TABLE second_factor_roles (school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, role TEXT NOT NULL, PRIMARY KEY (school, role));
CREATE TABLE signin_steps (
  hash TEXT PRIMARY KEY, usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, stage TEXT NOT NULL,
  expires INTEGER NOT NULL, data_sealed BLOB NOT NULL
);
CREATE INDEX signin_steps_expires ON signin_steps (expires);
