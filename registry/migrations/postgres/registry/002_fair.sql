-- Each webhook's deliveries in their own order, so that one with a long queue does not delay
-- others.
CREATE INDEX deliveries_next ON deliveries (webhook, done, next);
DROP INDEX deliveries_due;
