-- Settings that hold secrets and that only our own services read, each value sealed.

ALTER TABLE settings ADD COLUMN secrets jsonb NOT NULL DEFAULT '{}';

-- What of budgets people are to be told: each once for a budget, its window and its amount.

CREATE TABLE budget_alerts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bound text NOT NULL,
    window_id text NOT NULL,
    event text NOT NULL,
    -- Of the amount, for events that are about a share of it; else 0.
    percent integer NOT NULL DEFAULT 0,
    limit_nano numeric NOT NULL,
    spent_nano numeric NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    -- What is told, once it is settled who is to be told.
    told jsonb,
    planned_at timestamptz,
    UNIQUE (bound, window_id, event, percent, limit_nano)
);

CREATE INDEX budget_alerts_unplanned ON budget_alerts (id) WHERE planned_at IS NULL;

-- Each address that an alert goes to, without the address itself, which is a secret.

CREATE TABLE alert_deliveries (
    alert_id bigint NOT NULL REFERENCES budget_alerts ON DELETE CASCADE,
    target text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    given_up_at timestamptz,
    fault text,
    PRIMARY KEY (alert_id, target)
);

CREATE INDEX alert_deliveries_due ON alert_deliveries (next_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
