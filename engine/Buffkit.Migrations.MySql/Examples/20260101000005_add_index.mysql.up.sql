-- The server refuses if it cannot build the index beside the writers.
CREATE INDEX ix_things_name ON things (name) ALGORITHM = INPLACE LOCK = NONE;
