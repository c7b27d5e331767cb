DROP TABLE spend_failures;
DROP TABLE spend_cells;

CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
SELECT
    day,
    scope,
    scope_id,
    model,
    provider,
    sum(spend_usd) AS spend_usd,
    sum(requests)::bigint AS requests,
    sum(successful_requests)::bigint AS successful_requests,
    sum(failed_requests)::bigint AS failed_requests,
    sum(input_tokens)::bigint AS input_tokens,
    sum(output_tokens)::bigint AS output_tokens,
    sum(cache_read_tokens)::bigint AS cache_read_tokens,
    sum(cache_write_tokens)::bigint AS cache_write_tokens,
    sum(duration_ms)::bigint AS duration_ms,
    max(updated_at) AS updated_at
FROM spend_daily
GROUP BY day, scope, scope_id, model, provider;

DELETE FROM spend_daily;
DROP INDEX spend_daily_by_scope;
ALTER TABLE spend_daily
    DROP CONSTRAINT spend_daily_pkey,
    DROP COLUMN key_hash,
    DROP COLUMN upstream_model,
    DROP COLUMN call_type,
    ADD PRIMARY KEY (scope, scope_id, day, model, provider);
CREATE INDEX spend_daily_by_day ON spend_daily (day);

INSERT INTO spend_daily (
    day, scope, scope_id, model, provider, spend_usd, requests, successful_requests, failed_requests, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens, duration_ms, updated_at
)
SELECT
    day,
    scope,
    scope_id,
    model,
    provider,
    spend_usd,
    requests,
    successful_requests,
    failed_requests,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    duration_ms,
    updated_at
FROM merged;
