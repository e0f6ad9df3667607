-- A column of few values. A check works on every engine and is easier to change than a type.
ALTER TABLE things ADD COLUMN state varchar(20) NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done'));
