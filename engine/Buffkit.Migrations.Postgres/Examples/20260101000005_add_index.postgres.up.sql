-- no-transaction
-- Without CONCURRENTLY writers would wait until the index is built.
CREATE INDEX CONCURRENTLY ix_things_name ON things (name);
