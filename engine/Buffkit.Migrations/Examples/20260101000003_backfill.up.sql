-- no-transaction
-- Each statement commits by itself: few rows are locked for a short time, and a run that stops goes on where it was.
UPDATE things SET note = name WHERE note = '' AND id BETWEEN 1 AND 10000;
UPDATE things SET note = name WHERE note = '' AND id BETWEEN 10001 AND 20000;
UPDATE things SET note = name WHERE note = '' AND id > 20000;
