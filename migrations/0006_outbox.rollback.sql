DROP TABLE published;
DROP TABLE outbox;
