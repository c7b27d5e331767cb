-- Answers to creates that named an idempotency key: told again to who repeats the request. Sealed.

CREATE TABLE kept_answers (
    id text PRIMARY KEY,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    answer text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX kept_answers_by_time ON kept_answers (kept_at);
