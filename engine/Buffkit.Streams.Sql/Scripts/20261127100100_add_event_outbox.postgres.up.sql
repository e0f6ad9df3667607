-- Events that wait to be published, written in the transactions that they tell of.
CREATE TABLE event_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    added_at bigint NOT NULL,
    topic text NOT NULL,
    type text NOT NULL,
    event_key text NULL,
    content_type text NULL,
    cloud_event text NULL,
    data bytea NOT NULL,
    order_key varchar(64) COLLATE "C" NULL,
    batch bigint NULL,
    set_aside_at bigint NULL,
    reason text NULL
);
CREATE INDEX event_outbox_waiting ON event_outbox (set_aside_at, batch, id);
CREATE INDEX event_outbox_order ON event_outbox (order_key, set_aside_at);

-- One row: who this outbox is to the log, and the number of its newest batch.
CREATE TABLE event_outbox_producer (
    producer varchar(64) COLLATE "C" NOT NULL PRIMARY KEY,
    number bigint NOT NULL
);
