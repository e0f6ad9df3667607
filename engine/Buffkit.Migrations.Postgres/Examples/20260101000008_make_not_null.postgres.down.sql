-- engines: postgres
ALTER TABLE things DROP COLUMN code;
