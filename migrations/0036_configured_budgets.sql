-- The budgets that the configuration sets (of the whole proxy, of providers, deployments and tags), by the
-- names of their bounds, and when each was last set: of what was spent by then only the ledger knows.

CREATE TABLE configured_budgets (
    bound text PRIMARY KEY,
    terms jsonb NOT NULL,
    set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
