-- What must still reach the gateways: written in the transaction of the change, deleted when
-- published. It names the object; the publisher reads its state when it publishes.

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    object_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What was published last: one row. The buckets' identities tell a replaced server from the old one.

CREATE TABLE published (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    revision bigint NOT NULL DEFAULT 0,
    config_sequence bigint NOT NULL DEFAULT 0,
    keys_sequence bigint NOT NULL DEFAULT 0,
    keys_bucket text NOT NULL DEFAULT '',
    published_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO published DEFAULT VALUES;
