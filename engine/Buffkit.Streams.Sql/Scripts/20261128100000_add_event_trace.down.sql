ALTER TABLE event_outbox DROP COLUMN trace_parent;
ALTER TABLE event_history DROP COLUMN trace_parent;
