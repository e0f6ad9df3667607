DROP INDEX ix_things_name;
