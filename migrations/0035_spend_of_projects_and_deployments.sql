-- What was spent by projects, by deployments, and by members of organizations: budgets that are set late
-- begin with it.

ALTER TABLE spend_logs ADD COLUMN project_id text;

CREATE TEMPORARY TABLE keys_in_projects ON COMMIT DROP AS
SELECT hash, project_id FROM keys WHERE project_id IS NOT NULL
UNION
SELECT object_id, object ->> 'project_id' FROM deleted_objects
WHERE kind = 'key' AND object ->> 'project_id' IS NOT NULL;

UPDATE spend_logs AS log SET project_id = held.project_id
FROM keys_in_projects AS held WHERE held.hash = log.key_hash;

CREATE INDEX spend_logs_by_project ON spend_logs (project_id, started_at DESC) WHERE project_id IS NOT NULL;

INSERT INTO spend_daily (
    scope, scope_id, day, model, provider, upstream_model, call_type, spend_usd, requests, successful_requests,
    failed_requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, duration_ms
)
SELECT 'project', held.project_id, daily.day, daily.model, daily.provider, daily.upstream_model, daily.call_type,
       sum(daily.spend_usd), sum(daily.requests), sum(daily.successful_requests), sum(daily.failed_requests),
       sum(daily.input_tokens), sum(daily.output_tokens), sum(daily.cache_read_tokens),
       sum(daily.cache_write_tokens), sum(daily.duration_ms)
FROM spend_daily AS daily JOIN keys_in_projects AS held ON daily.scope = 'key' AND held.hash = daily.scope_id
GROUP BY 1, 2, 3, 4, 5, 6, 7
UNION ALL
SELECT 'deployment', deployment_id, day, coalesce(nullif(model_group, ''), model), provider, upstream_model, call_type,
       sum(cost_usd), count(*), count(*) FILTER (WHERE status = 'success'),
       count(*) FILTER (WHERE status <> 'success'), sum(input_tokens), sum(output_tokens),
       sum(cache_read_tokens), sum(cache_write_tokens),
       sum(greatest(0, extract(EPOCH FROM ended_at - started_at) * 1000)::bigint)
FROM spend_logs WHERE deployment_id <> ''
GROUP BY 1, 2, 3, 4, 5, 6, 7;

INSERT INTO spend_totals (scope, scope_id, spend_usd, requests, input_tokens, output_tokens)
SELECT scope, scope_id, sum(spend_usd), sum(requests), sum(input_tokens), sum(output_tokens)
FROM spend_daily WHERE scope IN ('project', 'deployment')
GROUP BY scope, scope_id
UNION ALL
SELECT 'organization_member', organization_id || ':' || user_id, sum(spend_usd), sum(requests),
       sum(input_tokens), sum(output_tokens)
FROM spend_cells WHERE organization_id <> '' AND user_id <> ''
GROUP BY organization_id, user_id;

-- What a member may spend in an organization is a budget with a name of its own, as it is for projects.

ALTER TABLE organization_members ADD COLUMN budget_id text;

UPDATE organization_members SET budget_id = gen_random_uuid()::text WHERE max_budget IS NOT NULL;

INSERT INTO budgets (budget_id, max_budget, created_at, updated_at)
SELECT budget_id, max_budget, updated_at, updated_at FROM organization_members WHERE budget_id IS NOT NULL;

ALTER TABLE organization_members
    ADD FOREIGN KEY (budget_id) REFERENCES budgets ON DELETE SET NULL,
    DROP COLUMN max_budget;

CREATE INDEX organization_members_by_budget ON organization_members (budget_id) WHERE budget_id IS NOT NULL;

CREATE FUNCTION organization_member_terms(member organization_members, held budgets) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(held) || jsonb_build_object(
        'made', extract(epoch FROM member.created_at),
        'changed', extract(epoch FROM greatest(member.updated_at, held.updated_at)),
        -- A user may have spent in an organization before becoming a member of it.
        'carried', true)
$$;
