DROP VIEW IF EXISTS open_things;
CREATE VIEW open_things AS SELECT id, name FROM things WHERE state = 'new';
