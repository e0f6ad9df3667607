-- no-transaction
-- Fills a column in batches: each statement commits by itself and locks few rows for a short time; a run that stops goes on where it was.
-- Repeat the statement with the next range, or write a procedure with a loop where there are many.
UPDATE things SET note = name WHERE note = '' AND id BETWEEN 1 AND 10000;
UPDATE things SET note = name WHERE note = '' AND id BETWEEN 10001 AND 20000;
UPDATE things SET note = name WHERE note = '' AND id > 20000;
