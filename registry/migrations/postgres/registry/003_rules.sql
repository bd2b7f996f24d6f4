-- Deltas of the rules' state after the snapshot in rules_state, in order.
CREATE TABLE rules_changes (n BIGINT PRIMARY KEY, seq BIGINT NOT NULL, change_sealed BYTEA NOT NULL);
