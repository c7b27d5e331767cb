-- The ledger: one row per request. The day is that of the event's id (a UUIDv7), so the primary key
-- holds for an event however late or often it arrives. The worker makes the partitions, ahead of
-- time and for old events on demand; there is no default partition to be emptied later.

CREATE TABLE spend_logs (
    day date NOT NULL,
    id uuid NOT NULL,
    gateway_id text NOT NULL,
    snapshot bigint NOT NULL,
    status text NOT NULL,
    http_status integer NOT NULL,
    error_type text,
    error_message text,
    started_at timestamptz NOT NULL,
    first_token_at timestamptz,
    ended_at timestamptz NOT NULL,
    route text NOT NULL,
    call_type text NOT NULL,
    stream boolean NOT NULL,
    client_gone boolean NOT NULL,
    attempts integer NOT NULL,
    response_id text NOT NULL,
    model text NOT NULL,
    model_group text NOT NULL,
    deployment_id text NOT NULL,
    provider text NOT NULL,
    upstream_model text NOT NULL,
    api_base text NOT NULL,
    key_hash text NOT NULL,
    key_alias text,
    user_id text,
    team_id text,
    team_alias text,
    organization_id text,
    end_user text,
    client_ip text,
    user_agent text,
    session_id text,
    tags text[] NOT NULL,
    metadata jsonb NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    cache_write_1h_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    input_audio_tokens bigint NOT NULL,
    output_audio_tokens bigint NOT NULL,
    accepted_prediction_tokens bigint NOT NULL,
    rejected_prediction_tokens bigint NOT NULL,
    web_searches bigint NOT NULL,
    usage_estimated boolean NOT NULL,
    usage_extra jsonb NOT NULL,
    provider_cost_usd numeric,
    cost_usd numeric NOT NULL CHECK (cost_usd >= 0),
    cost_parts jsonb NOT NULL,
    price_version text NOT NULL,
    priced boolean NOT NULL,
    finish text,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);

CREATE INDEX spend_logs_by_id ON spend_logs (id);
CREATE INDEX spend_logs_by_start ON spend_logs (started_at DESC);
CREATE INDEX spend_logs_by_key ON spend_logs (key_hash, started_at DESC);
CREATE INDEX spend_logs_by_team ON spend_logs (team_id, started_at DESC) WHERE team_id IS NOT NULL;
CREATE INDEX spend_logs_by_user ON spend_logs (user_id, started_at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX spend_logs_by_end_user ON spend_logs (end_user, started_at DESC) WHERE end_user IS NOT NULL;
CREATE INDEX spend_logs_by_response ON spend_logs (response_id) WHERE response_id <> '';
CREATE INDEX spend_logs_by_session ON spend_logs (session_id) WHERE session_id IS NOT NULL;

-- Sums over all rows, written in the transaction of the rows.
-- Scopes: key, team, user, organization, end_user, model, provider, tag, total (scope_id '').

CREATE TABLE spend_totals (
    scope text NOT NULL,
    scope_id text NOT NULL,
    spend_usd numeric NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, scope_id)
) WITH (fillfactor = 70);

-- The same by day, model group and provider; scopes: key, team, user, organization, end_user, tag, total.

CREATE TABLE spend_daily (
    day date NOT NULL,
    scope text NOT NULL,
    scope_id text NOT NULL,
    model text NOT NULL,
    provider text NOT NULL,
    spend_usd numeric NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    successful_requests bigint NOT NULL DEFAULT 0,
    failed_requests bigint NOT NULL DEFAULT 0,
    input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    cache_read_tokens bigint NOT NULL DEFAULT 0,
    cache_write_tokens bigint NOT NULL DEFAULT 0,
    duration_ms bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, scope_id, day, model, provider)
) WITH (fillfactor = 70);

CREATE INDEX spend_daily_by_day ON spend_daily (day);
