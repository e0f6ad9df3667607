-- lock-timeout: 5s
-- Values can be added later (ALTER TYPE things_state ADD VALUE 'lost', no-transaction), never removed.
CREATE TYPE things_state AS ENUM ('new', 'done');
ALTER TABLE things ADD COLUMN state things_state NOT NULL DEFAULT 'new';
