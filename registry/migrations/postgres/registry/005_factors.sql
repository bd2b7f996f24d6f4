-- Second factors: TOTP secrets or passkeys, encrypted; recovery codes as hashes, deleted when used;
-- the roles of which a school requires one; and sign-ins that wait for the factor.
CREATE TABLE second_factors (
  id TEXT PRIMARY KEY, usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, kind TEXT NOT NULL, name TEXT NOT NULL,
  secret_sealed BYTEA NOT NULL, confirmed BIGINT NOT NULL, step BIGINT NOT NULL, created BIGINT NOT NULL, used BIGINT NOT NULL
);
CREATE INDEX second_factors_usr ON second_factors (usr);
CREATE TABLE recovery_codes (usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, hash TEXT NOT NULL, PRIMARY KEY (usr, hash));
CREATE TABLE second_factor_roles (school TEXT NOT NULL REFERENCES schools (id) ON DELETE CASCADE, role TEXT NOT NULL, PRIMARY KEY (school, role));
CREATE TABLE signin_steps (
  hash TEXT PRIMARY KEY, usr TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, stage TEXT NOT NULL,
  expires BIGINT NOT NULL, data_sealed BYTEA NOT NULL
);
CREATE INDEX signin_steps_expires ON signin_steps (expires);
