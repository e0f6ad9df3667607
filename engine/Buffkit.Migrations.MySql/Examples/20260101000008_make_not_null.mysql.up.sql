-- engines: mysql
-- Filled first; then the server refuses instead of copying the table with writers locked out.
ALTER TABLE things ADD COLUMN code varchar(20) NULL, ALGORITHM = INSTANT;
UPDATE things SET code = CONCAT('T', id) WHERE code IS NULL;
ALTER TABLE things MODIFY COLUMN code varchar(20) NOT NULL DEFAULT 'T0', ALGORITHM = INPLACE, LOCK = NONE;
