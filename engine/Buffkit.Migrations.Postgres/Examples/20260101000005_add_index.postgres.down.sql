-- no-transaction
DROP INDEX CONCURRENTLY ix_things_name;
