-- lock-timeout: 5s
-- With a constant default no engine rewrites the table.
ALTER TABLE things ADD COLUMN note varchar(200) NOT NULL DEFAULT '';
