-- lock-timeout: 5s
-- Values can be added later (ALTER TYPE thing_state ADD VALUE 'lost', no-transaction), never removed.
CREATE TYPE thing_state AS ENUM ('new', 'done');
ALTER TABLE things ADD COLUMN state thing_state NOT NULL DEFAULT 'new';
