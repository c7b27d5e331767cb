-- name: keys
INSERT INTO keys (hash, name, alias, user_id, team_id, agent_id)
SELECT md5('key' || n) || md5('hash' || n), 'sk-...' || n, 'key-' || n, 'user-' || n %% %(users)s, 'team-' || n %% %(teams)s,
       'agent-' || n %% %(agents)s
FROM generate_series(0, %(keys)s - 1) AS n;

-- name: teams
INSERT INTO teams (team_id, alias)
SELECT 'team-' || n, 'Team ' || n FROM generate_series(0, %(teams)s - 1) AS n;

-- name: incoming
-- One day's calls. A key has its team, user, organization and agent, two customers and three models of its own. It calls
-- in rounds: what it does in a round follows from the round alone, so that all of it is done after some of them.
INSERT INTO spend_incoming (
    day, id, started_at, first_token_at, ended_at, gateway_id, snapshot, status, http_status, error_type, error_message,
    route, call_type, stream, client_gone, attempts, response_id, model, model_group, deployment_id, provider,
    upstream_model, api_base, key_hash, key_alias, user_id, team_id, team_alias, organization_id, end_user, agent_id,
    client_ip, user_agent, session_id, tags, price_version, priced, finish, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens,
    accepted_prediction_tokens, rejected_prediction_tokens, web_searches, usage_estimated, usage_extra,
    provider_cost_usd, cost_usd, cost_parts, metadata, charged_bounds, charged_windows
)
SELECT
    %(day)s,
    (lpad(to_hex((extract(EPOCH FROM began) * 1000)::bigint), 12, '0') || '7'
     || substr(md5(%(day)s::text || n), 1, 3) || '8' || substr(md5(%(day)s::text || n), 4, 15))::uuid,
    began,
    began + interval '300 milliseconds',
    began + interval '2 seconds',
    'gateway-' || n %% 3,
    1,
    CASE WHEN fails THEN 'failure' ELSE 'success' END,
    CASE WHEN NOT fails THEN 200 WHEN key %% 20 = 0 THEN 429 ELSE 500 END,
    CASE WHEN fails THEN 'provider_error' END,
    CASE WHEN fails THEN 'the provider said no' END,
    '/v1/chat/completions',
    CASE WHEN model %% 4 = 0 THEN 'anthropic_messages' ELSE 'acompletion' END,
    true,
    false,
    1,
    'chatcmpl-' || md5(%(day)s::text || n),
    'model-' || model,
    'model-' || model,
    'deployment-' || model * 2 + round %% 2,
    'provider-' || model %% 5,
    'upstream-' || model,
    'https://provider-' || model %% 5 || '.example/v1',
    md5('key' || key) || md5('hash' || key),
    'key-' || key,
    'user-' || key %% %(users)s,
    'team-' || key %% %(teams)s,
    'Team ' || key %% %(teams)s,
    'org-' || key %% %(organizations)s,
    'customer-' || key * 2 + round %% 2,
    'agent-' || key %% %(agents)s,
    '10.0.0.1',
    'bench/1.0',
    CASE WHEN n %% 10 = 0 THEN 'session-' || %(day)s::text || n / 50 END,
    ARRAY['job-' || key %% %(tags)s],
    'bench',
    true,
    'stop',
    100 + n %% 900,
    50 + n %% 200,
    n %% 100,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    false,
    '{}',
    NULL,
    (n * 31 %% 977) * 0.0000125,
    '{"input": "0.001", "output": "0.002"}',
    '{"requester": "bench"}',
    '{}',
    '{}'
FROM (
    SELECT n, key, round, (key + round %% 3 * 5) %% %(models)s AS model, key %% 10 = 0 AND round %% 6 = 0 AS fails,
           %(day)s::timestamptz + n * (interval '1 day' / %(calls)s) AS began
    FROM (
        SELECT n, (n * 7919) %% %(keys)s AS key, n / %(keys)s AS round FROM generate_series(0, %(calls)s - 1) AS n
    ) AS numbered
) AS call;

-- name: copied_rows
-- Another day with the same calls, under ids of that day.
INSERT INTO spend_logs (
    day, id, response_id, started_at, first_token_at, ended_at, gateway_id, snapshot, status, http_status, error_type, error_message,
    route, call_type, stream, client_gone, attempts, model, model_group, deployment_id, provider,
    upstream_model, api_base, key_hash, key_alias, user_id, team_id, team_alias, organization_id, end_user, agent_id,
    client_ip, user_agent, session_id, tags, price_version, priced, finish, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens,
    accepted_prediction_tokens, rejected_prediction_tokens, web_searches, usage_estimated, usage_extra,
    provider_cost_usd, cost_usd, cost_parts, metadata
)
SELECT
    day + %(shift)s,
    (lpad(to_hex((extract(EPOCH FROM started_at) * 1000)::bigint + %(shift)s * 86400000::bigint), 12, '0')
     || substr(replace(id::text, '-', ''), 13))::uuid,
    response_id || %(shift)s,
    started_at + %(shift)s * interval '1 day',
    first_token_at + %(shift)s * interval '1 day',
    ended_at + %(shift)s * interval '1 day',
    gateway_id, snapshot, status, http_status, error_type, error_message,
    route, call_type, stream, client_gone, attempts, model, model_group, deployment_id, provider,
    upstream_model, api_base, key_hash, key_alias, user_id, team_id, team_alias, organization_id, end_user, agent_id,
    client_ip, user_agent, session_id, tags, price_version, priced, finish, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens,
    accepted_prediction_tokens, rejected_prediction_tokens, web_searches, usage_estimated, usage_extra,
    provider_cost_usd, cost_usd, cost_parts, metadata
FROM spend_logs
WHERE day = %(day)s;

-- name: copied_days
INSERT INTO spend_daily (
    day, scope, scope_id, model, provider, key_hash, upstream_model, call_type, spend_usd, requests,
    successful_requests, failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms
)
SELECT
    day + shift, scope, scope_id, model, provider, key_hash, upstream_model, call_type, spend_usd, requests,
    successful_requests, failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms
FROM spend_daily
CROSS JOIN generate_series(1, %(days)s - 1) AS shift
WHERE day = %(day)s;

-- name: copied_scopes
INSERT INTO spend_days (scope, day, scope_id, spend_usd, requests, failed_requests, tokens)
SELECT scope, day + shift, scope_id, spend_usd, requests, failed_requests, tokens
FROM spend_days
CROSS JOIN generate_series(1, %(days)s - 1) AS shift
WHERE day = %(day)s;

-- name: copied_cells
INSERT INTO spend_cells (
    day, key_hash, user_id, team_id, organization_id, model, upstream_model, provider, call_type, spend_usd, requests,
    successful_requests, failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms
)
SELECT
    day + shift, key_hash, user_id, team_id, organization_id, model, upstream_model, provider, call_type, spend_usd, requests,
    successful_requests, failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms
FROM spend_cells
CROSS JOIN generate_series(1, %(days)s - 1) AS shift
WHERE day = %(day)s;

-- name: copied_failures
INSERT INTO spend_failures (
    day, key_hash, user_id, team_id, organization_id, model, deployment_id, api_base, provider, call_type, http_status,
    error_type, requests
)
SELECT
    day + shift, key_hash, user_id, team_id, organization_id, model, deployment_id, api_base, provider, call_type,
    http_status, error_type, requests
FROM spend_failures
CROSS JOIN generate_series(1, %(days)s - 1) AS shift
WHERE day = %(day)s;

-- name: copied_totals
UPDATE spend_totals
SET spend_usd = spend_usd * %(days)s, requests = requests * %(days)s, input_tokens = input_tokens * %(days)s,
    output_tokens = output_tokens * %(days)s;

-- name: indexes
-- What a bulk of rows goes without until all are there.
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made
FROM pg_index
WHERE indrelid = 'spend_logs'::regclass AND NOT indisprimary;

-- name: sizes
SELECT relname AS name,
       CASE relkind WHEN 'p' THEN (
           SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = pg_class.oid
       ) ELSE pg_total_relation_size(oid) END::bigint AS bytes
FROM pg_class
WHERE relname IN ('spend_logs', 'spend_daily', 'spend_cells', 'spend_days', 'spend_failures', 'spend_totals')
ORDER BY relname;

-- name: counted
SELECT (SELECT count(*) FROM spend_daily) AS daily, (SELECT count(*) FROM spend_cells) AS cells,
       (SELECT count(*) FROM spend_days) AS days, (SELECT count(*) FROM spend_failures) AS failures,
       (SELECT count(*) FROM spend_totals) AS totals;

-- name: checked
-- Sums of the roll-ups beside those of the rows: all must be the same.
SELECT (SELECT sum(cost_usd) FROM spend_logs) AS rows,
       (SELECT sum(spend_usd) FROM spend_cells) AS cells,
       (SELECT sum(spend_usd) FROM spend_daily WHERE scope = 'total') AS daily,
       (SELECT sum(spend_usd) FROM spend_daily WHERE scope = 'end_user') AS customers,
       (SELECT sum(spend_usd) FROM spend_days WHERE scope = 'key') AS keys,
       (SELECT spend_usd FROM spend_totals WHERE scope = 'total') AS totals;
