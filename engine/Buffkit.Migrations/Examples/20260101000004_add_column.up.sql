-- lock-timeout: 5s
-- A new column. With a constant default no engine rewrites the table; without one leave it nullable.
ALTER TABLE things ADD COLUMN note varchar(200) NOT NULL DEFAULT '';
