-- Events that wait to be published, written in the transactions that they tell of.
CREATE TABLE event_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    added_at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    type TEXT NOT NULL,
    event_key TEXT NULL,
    content_type TEXT NULL,
    cloud_event TEXT NULL,
    data BLOB NOT NULL,
    order_key TEXT NULL,
    batch INTEGER NULL,
    set_aside_at INTEGER NULL,
    reason TEXT NULL
);
CREATE INDEX event_outbox_waiting ON event_outbox (set_aside_at, batch, id);
CREATE INDEX event_outbox_order ON event_outbox (order_key, set_aside_at);

-- One row: who this outbox is to the log, and the number of its newest batch.
CREATE TABLE event_outbox_producer (
    producer TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
);
