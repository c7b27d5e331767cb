-- What was spent by agents: calls of keys that are an agent's, and calls that name one.

ALTER TABLE spend_logs ADD COLUMN agent_id text;

CREATE TEMPORARY TABLE keys_of_agents ON COMMIT DROP AS
SELECT DISTINCT ON (hash) hash, agent_id
FROM (
    SELECT hash, agent_id, true AS there FROM keys
    UNION ALL
    SELECT object_id, object ->> 'agent_id', false FROM deleted_objects WHERE kind = 'key'
) AS key
WHERE agent_id <> '' AND octet_length(agent_id) <= 256
ORDER BY hash, there DESC, agent_id;

UPDATE spend_logs AS log SET agent_id = held.agent_id
FROM keys_of_agents AS held WHERE held.hash = log.key_hash;

INSERT INTO spend_daily (
    scope, scope_id, day, model, provider, key_hash, upstream_model, call_type, spend_usd, requests, successful_requests,
    failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms
)
SELECT 'agent', held.agent_id, cell.day, cell.model, cell.provider, cell.key_hash, cell.upstream_model, cell.call_type,
       sum(cell.spend_usd), sum(cell.requests), sum(cell.successful_requests), sum(cell.failed_requests),
       sum(cell.input_tokens), sum(cell.output_tokens), sum(cell.cache_read_tokens),
       sum(cell.cache_write_tokens), sum(cell.duration_ms)
FROM spend_cells AS cell JOIN keys_of_agents AS held ON held.hash = cell.key_hash
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

INSERT INTO spend_totals (scope, scope_id, spend_usd, requests, input_tokens, output_tokens)
SELECT scope, scope_id, sum(spend_usd), sum(requests), sum(input_tokens), sum(output_tokens)
FROM spend_daily WHERE scope = 'agent'
GROUP BY scope, scope_id;

-- Pages of calls by what few of them have, where one after the other would be looked at in vain.

CREATE INDEX spend_logs_by_failure ON spend_logs (started_at DESC) WHERE status <> 'success';
CREATE INDEX spend_logs_by_error ON spend_logs (http_status, started_at DESC) WHERE status <> 'success';
CREATE INDEX spend_logs_by_model ON spend_logs (model, started_at DESC);
CREATE INDEX spend_logs_by_upstream_model ON spend_logs (upstream_model, started_at DESC);
CREATE INDEX spend_logs_by_organization ON spend_logs (organization_id, started_at DESC) WHERE organization_id IS NOT NULL;
DROP INDEX spend_logs_by_session;
CREATE INDEX spend_logs_by_session ON spend_logs (session_id, started_at DESC) WHERE session_id IS NOT NULL;
CREATE INDEX spend_logs_by_tag ON spend_logs USING gin (tags) WHERE tags <> '{}';
