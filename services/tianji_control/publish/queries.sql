-- name: lead
SELECT pg_try_advisory_lock(%(lock)s);

-- name: still_here
SELECT 1;

-- name: listen
LISTEN tianji_outbox;

-- name: settle_in
-- A turn that a crash of Postgres undoes is taken again: nobody need wait for its disk. To plan the queries of
-- records takes many times as long as to run them, and there is one good plan whatever their ids.
SELECT set_config('synchronous_commit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false);

-- name: pending
(SELECT id, kind, object_id FROM outbox WHERE kind = ANY(%(config_kinds)s))
UNION ALL
(SELECT id, kind, object_id FROM outbox WHERE kind <> ALL(%(config_kinds)s) ORDER BY id LIMIT %(limit)s);

-- name: pending_count
SELECT count(*) FROM outbox;

-- name: published
SELECT revision, config_sequence, keys_sequence, keys_bucket FROM published;

-- name: published_with
SELECT revision, config_sequence, keys_sequence, keys_bucket FROM published
WHERE NOT EXISTS (SELECT FROM outbox WHERE id = ANY(%(ids)s));

-- name: publish_done
WITH forgotten AS (DELETE FROM outbox WHERE id = ANY(%(ids)s))
UPDATE published
SET revision = %(revision)s, config_sequence = greatest(%(config_sequence)s, config_sequence),
    keys_sequence = greatest(%(keys_sequence)s, keys_sequence), published_at = now();

-- name: buckets_replaced
UPDATE published
SET revision = %(revision)s, config_sequence = %(config_sequence)s, keys_sequence = %(keys_sequence)s,
    keys_bucket = %(keys_bucket)s, published_at = now();

-- name: keys_by_hash
SELECT k.hash, own.origin, k.extra->>'successor' AS successor, k.name, k.alias, k.user_id, k.team_id, k.organization_id,
       k.project_id, k.agent_id, k.aliases,
       k.models || granted_models(k.models, k.extra) AS models,
       k.allowed_routes, k.allowed_ips, k.blocked, k.expires, s.spend_usd + k.spend_adjustment AS spend,
       coalesce(k.extra->'budget_fallbacks', '{}') AS budget_fallbacks, k.metadata, k.config, k.permissions,
       coalesce(k.max_budget, b.max_budget) AS max_budget, coalesce(k.soft_budget, b.soft_budget) AS soft_budget,
       coalesce(k.budget_duration, b.budget_duration) AS budget_duration,
       coalesce(k.tpm_limit, b.tpm_limit) AS tpm_limit, coalesce(k.rpm_limit, b.rpm_limit) AS rpm_limit,
       coalesce(k.tpd_limit, b.tpd_limit) AS tpd_limit,
       coalesce(k.max_parallel_requests, b.max_parallel_requests) AS max_parallel_requests,
       coalesce(nullif(k.model_max_budget, '{}'), b.model_max_budget) AS model_max_budget,
       k.extra->'budget_limits' AS budget_limits, k.metadata AS limited_in, g.generation,
       extract(epoch FROM k.created_at)::float8 AS made,
       extract(epoch FROM greatest(k.updated_at, b.updated_at))::float8 AS changed, k.spend_adjustment <> 0 AS carried,
       CASE WHEN m.user_id IS NOT NULL THEN m.extra || jsonb_build_object(
           'max_budget', m.max_budget, 'budget_duration', m.budget_duration,
           'tpm_limit', m.tpm_limit, 'rpm_limit', m.rpm_limit, 'generation', mg.generation,
           'made', extract(epoch FROM m.created_at), 'changed', extract(epoch FROM m.updated_at)) END AS member_limits,
       CASE WHEN c.budget_id IS NOT NULL THEN jsonb_build_object(
           'max_budget', c.max_budget, 'soft_budget', c.soft_budget, 'budget_duration', c.budget_duration,
           'tpm_limit', c.tpm_limit, 'rpm_limit', c.rpm_limit, 'tpd_limit', c.tpd_limit,
           'max_parallel_requests', c.max_parallel_requests,
           'model_max_budget', c.model_max_budget,
           'changed', extract(epoch FROM greatest(k.updated_at, c.updated_at))) END AS budget_of_customers
FROM keys k
LEFT JOIN key_values own ON own.hash = k.hash
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.spend_usd), 0) AS spend_usd
    FROM values_of_key(k.hash) AS value JOIN spend_totals t ON t.scope = 'key' AND t.scope_id = value
) s
LEFT JOIN budgets b ON b.budget_id = k.budget_id
LEFT JOIN budgets c ON c.budget_id = k.extra->>'end_user_budget_id'
LEFT JOIN team_members m ON m.team_id = k.team_id AND m.user_id = k.user_id
LEFT JOIN budget_generations g ON g.holder = 'key:' || coalesce(own.origin, k.hash)
LEFT JOIN budget_generations mg ON mg.holder = 'member:' || m.team_id || ':' || m.user_id
WHERE k.hash = ANY(%(ids)s);

-- name: keys_after
SELECT hash FROM keys WHERE hash > %(after)s ORDER BY hash LIMIT %(limit)s;

-- name: teams_by_id
SELECT t.team_id AS id, t.alias, t.organization_id, t.models || granted_models(t.models, t.extra) AS models,
       t.aliases, t.blocked, t.metadata,
       t.max_budget, t.soft_budget, t.budget_duration, t.tpm_limit, t.rpm_limit, t.tpd_limit,
       t.max_parallel_requests,
       t.extra->'model_max_budget' AS model_max_budget, t.extra->'budget_limits' AS budget_limits,
       t.metadata AS limited_in, g.generation,
       extract(epoch FROM t.created_at)::float8 AS made,
       extract(epoch FROM t.updated_at)::float8 AS changed, false AS carried,
       (SELECT coalesce(jsonb_object_agg(m.user_id, m.models), '{}')
        FROM team_members m WHERE m.team_id = t.team_id AND m.models <> '{}') AS member_models,
       jsonb_build_object(
           'max_budget', t.extra->'team_member_budget', 'budget_duration', t.extra->'team_member_budget_duration',
           'tpm_limit', t.extra->'team_member_tpm_limit', 'rpm_limit', t.extra->'team_member_rpm_limit',
           'model_max_budget', t.extra->'team_member_model_max_budget',
           'changed', extract(epoch FROM t.updated_at)) AS member_limits
FROM teams t LEFT JOIN budget_generations g ON g.holder = 'team:' || t.team_id
WHERE t.team_id = ANY(%(ids)s);

-- name: teams_after
SELECT team_id FROM teams WHERE team_id > %(after)s ORDER BY team_id LIMIT %(limit)s;

-- name: users_by_id
SELECT u.user_id AS id, u.email, u.role, u.models, u.blocked, u.metadata,
       u.max_budget, NULL::numeric AS soft_budget, u.budget_duration, u.tpm_limit, u.rpm_limit,
       NULL::bigint AS tpd_limit, u.max_parallel_requests, u.extra->'model_max_budget' AS model_max_budget,
       NULL::jsonb AS budget_limits, u.metadata AS limited_in, g.generation,
       (SELECT jsonb_object_agg(m.organization_id, organization_member_terms(m, b))
        FROM organization_members m JOIN budgets b ON b.budget_id = m.budget_id
        WHERE m.user_id = u.user_id) AS in_organizations,
       extract(epoch FROM u.created_at)::float8 AS made,
       extract(epoch FROM u.updated_at)::float8 AS changed, false AS carried
FROM users u LEFT JOIN budget_generations g ON g.holder = 'user:' || u.user_id
WHERE u.user_id = ANY(%(ids)s);

-- name: users_after
SELECT user_id FROM users WHERE user_id > %(after)s ORDER BY user_id LIMIT %(limit)s;

-- name: organizations_by_id
SELECT o.organization_id AS id, o.alias, o.models, o.blocked, o.metadata,
       coalesce(o.max_budget, b.max_budget) AS max_budget, coalesce(o.soft_budget, b.soft_budget) AS soft_budget,
       coalesce(o.budget_duration, b.budget_duration) AS budget_duration,
       coalesce(o.tpm_limit, b.tpm_limit) AS tpm_limit, coalesce(o.rpm_limit, b.rpm_limit) AS rpm_limit,
       coalesce(o.tpd_limit, b.tpd_limit) AS tpd_limit,
       coalesce(o.max_parallel_requests, b.max_parallel_requests) AS max_parallel_requests,
       coalesce(nullif(o.model_max_budget, '{}'), b.model_max_budget) AS model_max_budget,
       NULL::jsonb AS budget_limits, o.metadata AS limited_in, g.generation,
       extract(epoch FROM o.created_at)::float8 AS made,
       extract(epoch FROM greatest(o.updated_at, b.updated_at))::float8 AS changed, false AS carried
FROM organizations o
LEFT JOIN budgets b ON b.budget_id = o.budget_id
LEFT JOIN budget_generations g ON g.holder = 'organization:' || o.organization_id
WHERE o.organization_id = ANY(%(ids)s);

-- name: organizations_after
SELECT organization_id FROM organizations WHERE organization_id > %(after)s
ORDER BY organization_id LIMIT %(limit)s;

-- name: customers_by_id
SELECT c.user_id AS id, c.models, c.blocked,
       b.max_budget, b.soft_budget, b.budget_duration, b.tpm_limit, b.rpm_limit, b.tpd_limit,
       b.max_parallel_requests,
       b.model_max_budget, NULL::jsonb AS budget_limits, '{}'::jsonb AS limited_in, g.generation,
       extract(epoch FROM c.created_at)::float8 AS made,
       extract(epoch FROM greatest(c.updated_at, b.updated_at))::float8 AS changed, c.spend_adjustment <> 0 AS carried
FROM customers c
LEFT JOIN budgets b ON b.budget_id = c.budget_id
LEFT JOIN budget_generations g ON g.holder = 'customer:' || c.user_id
WHERE c.user_id = ANY(%(ids)s);

-- name: customers_after
SELECT user_id FROM customers WHERE user_id > %(after)s ORDER BY user_id LIMIT %(limit)s;

-- name: projects_by_id
SELECT p.project_id AS id, p.alias, p.team_id, p.models, p.blocked, p.metadata,
       b.max_budget, b.soft_budget, b.budget_duration, b.tpm_limit, b.rpm_limit, b.tpd_limit,
       b.max_parallel_requests,
       b.model_max_budget, NULL::jsonb AS budget_limits, p.metadata AS limited_in, g.generation,
       extract(epoch FROM p.created_at)::float8 AS made,
       extract(epoch FROM greatest(p.updated_at, b.updated_at))::float8 AS changed, false AS carried
FROM projects p
LEFT JOIN budgets b ON b.budget_id = p.budget_id
LEFT JOIN budget_generations g ON g.holder = 'project:' || p.project_id
WHERE p.project_id = ANY(%(ids)s);

-- name: projects_after
SELECT project_id FROM projects WHERE project_id > %(after)s ORDER BY project_id LIMIT %(limit)s;

-- name: deployments_by_id
SELECT id, model_name, provider, model, params, secrets, info, team_id, source, blocked, created_at, updated_at
FROM deployments WHERE id = ANY(%(ids)s);

-- name: deployments_after
SELECT id FROM deployments WHERE id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: prices_by_id
SELECT id, version, packed FROM price_tables WHERE id = ANY(%(ids)s);

-- name: prices_after
SELECT id FROM price_tables WHERE id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: settings_by_id
SELECT s.id, s.router, s.calls, s.general, s.master_key_hash, s.environment,
       CASE WHEN c.budget_id IS NOT NULL THEN jsonb_build_object(
           'max_budget', c.max_budget, 'soft_budget', c.soft_budget, 'budget_duration', c.budget_duration,
           'tpm_limit', c.tpm_limit, 'rpm_limit', c.rpm_limit, 'tpd_limit', c.tpd_limit,
           'max_parallel_requests', c.max_parallel_requests,
           'model_max_budget', c.model_max_budget) END AS budget_of_customers,
       (SELECT coalesce(jsonb_object_agg(f.bound, extract(epoch FROM f.set_at)), '{}')
        FROM configured_budgets f) AS budgets_set
FROM settings_in_force s LEFT JOIN budgets c ON c.budget_id = s.calls->>'max_end_user_budget_id'
WHERE s.id = ANY(%(ids)s);

-- name: settings_after
SELECT id FROM settings WHERE id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: tags_by_name
SELECT t.name,
       b.max_budget, b.soft_budget, b.budget_duration, b.tpm_limit, b.rpm_limit, b.tpd_limit,
       b.max_parallel_requests,
       b.model_max_budget, NULL::jsonb AS budget_limits, '{}'::jsonb AS limited_in, g.generation,
       extract(epoch FROM t.created_at)::float8 AS made,
       extract(epoch FROM greatest(t.updated_at, b.updated_at))::float8 AS changed, false AS carried
FROM tags t
LEFT JOIN budgets b ON b.budget_id = t.budget_id
LEFT JOIN budget_generations g ON g.holder = 'tag:' || t.name
WHERE t.name = ANY(%(ids)s);

-- name: tags_after
SELECT name FROM tags WHERE name > %(after)s ORDER BY name LIMIT %(limit)s;
