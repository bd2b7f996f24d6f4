-- Each webhook's deliveries in their own order: one with a long queue holds up no other.
CREATE INDEX deliveries_next ON deliveries (webhook, done, next);
DROP INDEX deliveries_due;
