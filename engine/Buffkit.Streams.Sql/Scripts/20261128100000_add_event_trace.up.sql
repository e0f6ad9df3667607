-- The span in which an event came to be, as a traceparent of W3C: whoever delivers or reads the event goes on with its trace.
ALTER TABLE event_history ADD COLUMN trace_parent varchar(55) NULL;
ALTER TABLE event_outbox ADD COLUMN trace_parent varchar(55) NULL;
