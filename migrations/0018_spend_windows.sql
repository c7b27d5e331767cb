-- What each budget's windows were charged, by gateway process: the ledger's side of the counters in
-- Redis, written in the transaction of the rows. Of processes that have ended, and of what a budget
-- began with, there is one row with no process.

ALTER TABLE spend_logs
    ADD COLUMN charged_bounds text[] NOT NULL DEFAULT '{}',
    ADD COLUMN charged_windows text[] NOT NULL DEFAULT '{}';

CREATE TABLE spend_windows (
    bound text NOT NULL,
    window_id text NOT NULL,
    process text NOT NULL,
    spent_nano numeric NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    -- What of it no row says: spent before there was a budget, or set by hand.
    base_nano numeric NOT NULL DEFAULT 0,
    -- False where Redis may not know the figure of a row without a process yet.
    told boolean NOT NULL DEFAULT true,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bound, window_id, process)
) WITH (fillfactor = 70);

CREATE INDEX spend_windows_untold ON spend_windows (updated_at) WHERE NOT told;
CREATE INDEX spend_windows_by_process ON spend_windows (process) WHERE process <> '';

-- Gateway processes that have ended with all they wrote; folded, when what they were charged was
-- added to the rows without a process, in Redis too.

CREATE TABLE closed_processes (
    process text PRIMARY KEY,
    closed_at timestamptz NOT NULL DEFAULT now(),
    folded_at timestamptz
);

CREATE INDEX closed_processes_unfolded ON closed_processes (closed_at) WHERE folded_at IS NULL;

-- How often a holder's budgets were begun anew by hand, when last, and as what had been spent; no row
-- means never. The generation is part of the window's id. Holders are named as bounds are, without a
-- window: key:<hash>.

CREATE TABLE budget_generations (
    holder text PRIMARY KEY,
    generation bigint NOT NULL,
    base_usd numeric NOT NULL DEFAULT 0,
    since timestamptz NOT NULL DEFAULT now()
);
