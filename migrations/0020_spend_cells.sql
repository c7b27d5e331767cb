-- What reports ask for beside scope, model group and provider. Sums by day say the upstream's name of
-- the model and the kind of call, and those of customers and tags also the key, where one scope has
-- many. A worker that does not know these columns waits for its successor.

ALTER TABLE spend_daily
    ADD COLUMN key_hash text NOT NULL DEFAULT '',
    ADD COLUMN upstream_model text NOT NULL DEFAULT '',
    ADD COLUMN call_type text NOT NULL DEFAULT '',
    DROP CONSTRAINT spend_daily_pkey,
    ADD PRIMARY KEY (scope, scope_id, day, model, provider, key_hash, upstream_model, call_type);

DROP INDEX spend_daily_by_day;
CREATE INDEX spend_daily_by_scope ON spend_daily (scope, day);

-- Each call is in one cell, with the key and everybody whose it was ('' where nobody's): whoever may
-- see some calls gets sums of just these, and each of them once.

CREATE TABLE spend_cells (
    day date NOT NULL,
    key_hash text NOT NULL,
    user_id text NOT NULL,
    team_id text NOT NULL,
    organization_id text NOT NULL,
    model text NOT NULL,
    upstream_model text NOT NULL,
    provider text NOT NULL,
    call_type text NOT NULL,
    spend_usd numeric NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    successful_requests bigint NOT NULL DEFAULT 0,
    failed_requests bigint NOT NULL DEFAULT 0,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cache_read_tokens bigint NOT NULL DEFAULT 0,
    cache_write_tokens bigint NOT NULL DEFAULT 0,
    duration_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (key_hash, day, user_id, team_id, organization_id, model, upstream_model, provider, call_type)
) WITH (fillfactor = 70);

CREATE INDEX spend_cells_by_day ON spend_cells (day);
CREATE INDEX spend_cells_by_user ON spend_cells (user_id, day) WHERE user_id <> '';
CREATE INDEX spend_cells_by_team ON spend_cells (team_id, day) WHERE team_id <> '';
CREATE INDEX spend_cells_by_organization ON spend_cells (organization_id, day) WHERE organization_id <> '';

-- Calls that did not succeed, by where they went and what came of them.

CREATE TABLE spend_failures (
    day date NOT NULL,
    key_hash text NOT NULL,
    user_id text NOT NULL,
    team_id text NOT NULL,
    organization_id text NOT NULL,
    model text NOT NULL,
    deployment_id text NOT NULL,
    api_base text NOT NULL,
    provider text NOT NULL,
    call_type text NOT NULL,
    http_status integer NOT NULL,
    error_type text NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (
        day, model, http_status, key_hash, user_id, team_id, organization_id, deployment_id, api_base, provider,
        call_type, error_type
    )
) WITH (fillfactor = 70);
