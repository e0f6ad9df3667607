-- lint-ignore: key-without-identity the slots of keys are numbered here
-- Events that wait to be published, written in the transactions that they tell of.
CREATE TABLE event_outbox (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    added_at bigint NOT NULL,
    topic text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    type text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_key text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    content_type text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    cloud_event mediumtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    data longblob NOT NULL,
    order_key varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    batch bigint NULL,
    set_aside_at bigint NULL,
    reason text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL
) ENGINE = InnoDB;
CREATE INDEX event_outbox_waiting ON event_outbox (set_aside_at, batch, id);
CREATE INDEX event_outbox_order ON event_outbox (order_key, set_aside_at);

-- One row: who this outbox is to the log, and the number of its newest batch.
CREATE TABLE event_outbox_producer (
    producer varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    number bigint NOT NULL
) ENGINE = InnoDB;

-- A transaction that writes an event with a key locks the key's slot here, so that events of one key lie in the order of their commits.
CREATE TABLE event_outbox_keys (slot integer NOT NULL PRIMARY KEY) ENGINE = InnoDB;
INSERT INTO event_outbox_keys (slot)
WITH RECURSIVE slots (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM slots WHERE slot < 999)
SELECT slot FROM slots;
