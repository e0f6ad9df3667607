CREATE INDEX ix_things_name ON things (name);
