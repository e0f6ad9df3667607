-- Written so that it can run again: a seed runs once, and again whenever its file changes.
DELETE FROM orders WHERE customer = 'Ada Lovelace';
INSERT INTO orders (customer, item, quantity, created_at) VALUES ('Ada Lovelace', 'Espresso', 1, CURRENT_TIMESTAMP);
INSERT INTO orders (customer, item, quantity, created_at) VALUES ('Ada Lovelace', 'Croissant', 2, CURRENT_TIMESTAMP);
