-- engines: postgres
-- lock-timeout: 5s
-- The rows that were there before the key, checked beside readers and writers: a migration of its own, so that no lock is held meanwhile.
ALTER TABLE things VALIDATE CONSTRAINT fk_things_owners;
