DROP TABLE event_outbox_keys;
DROP TABLE event_outbox_producer;
DROP TABLE event_outbox;
