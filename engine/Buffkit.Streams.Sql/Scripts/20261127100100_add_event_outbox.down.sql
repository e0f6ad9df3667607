DROP TABLE event_outbox_producer;
DROP TABLE event_outbox;
