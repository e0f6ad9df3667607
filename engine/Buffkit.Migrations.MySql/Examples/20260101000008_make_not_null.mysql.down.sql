-- engines: mysql
ALTER TABLE things DROP COLUMN code;
