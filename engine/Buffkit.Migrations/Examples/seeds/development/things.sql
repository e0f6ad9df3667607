-- Written so that it can run again: a seed runs once, and again whenever its file changes.
DELETE FROM things WHERE name = 'A first thing';
INSERT INTO things (name, created_at) VALUES ('A first thing', CURRENT_TIMESTAMP);
