-- name: window_sums
SELECT bound, window_id AS window, sum(spent_nano) AS spent_nano
FROM spend_windows
WHERE (bound, window_id) IN (SELECT * FROM unnest(%(bounds)s::text[], %(windows)s::text[]))
GROUP BY bound, window_id;

-- name: origins
SELECT hash, origin FROM key_values WHERE hash = ANY(%(ids)s);

-- name: generations
SELECT holder, generation, extract(epoch FROM since)::float8 AS since, base_usd
FROM budget_generations
WHERE holder = ANY(%(holders)s);

-- name: begin_anew
INSERT INTO budget_generations AS stored (holder, generation, base_usd)
SELECT holder, 1, base_usd FROM unnest(%(holders)s::text[], %(bases_usd)s::numeric[]) AS anew (holder, base_usd)
ORDER BY holder
ON CONFLICT (holder) DO UPDATE
SET generation = stored.generation + 1, base_usd = excluded.base_usd, since = clock_timestamp();

-- name: top_up
-- In one statement, so that rows, sums and windows are those of one moment; in the order in which the worker
-- writes them, so that neither waits for the other for ever.
INSERT INTO spend_windows AS stored (bound, window_id, process, spent_nano, base_nano, told)
SELECT missing.bound, missing.window_id, '', missing.nano, missing.nano, false
FROM (
    SELECT due.bound, due.window_id, ceil(due.spent_usd * 1000000000) - coalesce(
        (SELECT sum(spent_nano) FROM spend_windows w WHERE w.bound = due.bound AND w.window_id = due.window_id), 0)
        AS nano
    FROM unnest(%(bounds)s::text[], %(windows)s::text[], %(spent_usd)s::numeric[]) AS due (bound, window_id, spent_usd)
) AS missing
WHERE missing.nano > 0
ORDER BY missing.bound COLLATE "C"
ON CONFLICT (bound, window_id, process) DO UPDATE SET
    spent_nano = stored.spent_nano + excluded.spent_nano, base_nano = stored.base_nano + excluded.base_nano,
    told = false, updated_at = now();

-- name: totals
SELECT scope_id, spend_usd FROM spend_totals WHERE scope = %(scope)s AND scope_id = ANY(%(ids)s);

-- name: totals_of_keys
-- Of keys, with whatever values they had.
SELECT asked.id AS scope_id, sum(spend_usd) AS spend_usd
FROM unnest(%(ids)s::text[]) AS asked (id), values_of_key(asked.id) AS value
JOIN spend_totals ON scope = 'key' AND scope_id = value
GROUP BY asked.id;

-- part: asked
jsonb_to_recordset(%(asked)s) AS asked (
    n int, id text, groups text[], users text[], day date, since float8, model text)

-- name: days_of_scope
SELECT asked.n, (
    SELECT coalesce(sum(spend_usd), 0)
    FROM spend_daily
    WHERE scope = %(scope)s AND scope_id = asked.id AND day > asked.day AND (asked.model = '' OR model = asked.model)
) AS spent
FROM <<asked>>;

-- name: days_of_key
SELECT asked.n, (
    SELECT coalesce(sum(spend_usd), 0)
    FROM spend_daily
    WHERE scope = 'key' AND scope_id IN (SELECT values_of_key(asked.id)) AND day > asked.day
      AND (asked.model = '' OR model = asked.model)
) AS spent
FROM <<asked>>;

-- name: days_of_provider
SELECT asked.n, (
    SELECT coalesce(sum(spend_usd), 0)
    FROM spend_daily
    WHERE scope = 'total' AND scope_id = '' AND provider = asked.id AND day > asked.day
      AND (asked.model = '' OR model = asked.model)
) AS spent
FROM <<asked>>;

-- part: that_day
day = asked.day AND started_at >= to_timestamp(asked.since)
  AND (asked.model = '' OR coalesce(nullif(model_group, ''), model) = asked.model)

-- name: rest_of_provider
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE provider = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_deployment
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE deployment_id = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_all
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE <<that_day>>
) AS spent
FROM <<asked>>;

-- name: days_of_user_in_team
SELECT asked.n, (
    SELECT coalesce(sum(spend_usd), 0)
    FROM spend_cells
    WHERE user_id = ANY(asked.users) AND team_id = ANY(asked.groups) AND team_id || ':' || user_id = asked.id
      AND day > asked.day AND (asked.model = '' OR model = asked.model)
) AS spent
FROM <<asked>>;

-- name: days_of_user_in_organization
SELECT asked.n, (
    SELECT coalesce(sum(spend_usd), 0)
    FROM spend_cells
    WHERE user_id = ANY(asked.users) AND organization_id = ANY(asked.groups)
      AND organization_id || ':' || user_id = asked.id
      AND day > asked.day AND (asked.model = '' OR model = asked.model)
) AS spent
FROM <<asked>>;

-- name: rest_of_key
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE key_hash IN (SELECT values_of_key(asked.id)) AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_team
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE team_id = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_user_in_team
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE user_id = ANY(asked.users) AND coalesce(team_id, '') || ':' || user_id = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_user_in_organization
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE user_id = ANY(asked.users) AND organization_id || ':' || user_id = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_organization
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE organization_id = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_end_user
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE end_user = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_project
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE project_id = asked.id AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: rest_of_tag
SELECT asked.n, (
    SELECT coalesce(sum(cost_usd), 0)
    FROM spend_logs
    WHERE asked.id = ANY(tags) AND <<that_day>>
) AS spent
FROM <<asked>>;

-- name: member_terms
-- What a member is held to: what is said of them, else what the team says of its members.
SELECT m.team_id || ':' || m.user_id AS id, m.extra || jsonb_build_object(
    'max_budget', coalesce(to_jsonb(m.max_budget), t.extra->'team_member_budget'),
    'budget_duration', coalesce(
        m.budget_duration,
        CASE WHEN m.max_budget IS NULL THEN t.extra->>'team_member_budget_duration' END),
    'model_max_budget', coalesce(m.extra->'model_max_budget', t.extra->'team_member_model_max_budget'),
    'made', extract(epoch FROM m.created_at)) AS terms
FROM team_members m JOIN teams t ON t.team_id = m.team_id
WHERE m.team_id = ANY(%(groups)s) AND m.user_id = ANY(%(users)s) AND m.team_id || ':' || m.user_id = ANY(%(ids)s);

-- name: organization_member_terms
SELECT m.organization_id || ':' || m.user_id AS id, organization_member_terms(m, b) AS terms
FROM organization_members m JOIN budgets b ON b.budget_id = m.budget_id
WHERE m.organization_id = ANY(%(groups)s) AND m.organization_id || ':' || m.user_id = ANY(%(ids)s);

-- name: holders_of_budget
SELECT 'key' AS kind, hash AS id FROM keys WHERE budget_id = %(id)s
UNION ALL SELECT 'organization', organization_id FROM organizations WHERE budget_id = %(id)s
UNION ALL SELECT 'customer', user_id FROM customers WHERE budget_id = %(id)s
UNION ALL SELECT 'tag', name FROM tags WHERE budget_id = %(id)s
UNION ALL SELECT 'project', project_id FROM projects WHERE budget_id = %(id)s
UNION ALL SELECT 'orgmember', organization_id || ':' || user_id FROM organization_members WHERE budget_id = %(id)s;

-- name: members_of_teams
SELECT team_id || ':' || user_id AS id FROM team_members WHERE team_id = ANY(%(ids)s);

-- name: budget_terms
SELECT to_jsonb(b) AS terms FROM budgets b WHERE budget_id = %(id)s;

-- name: recharge_customers
-- Of those whose counters are known already: nobody will ask for them again.
SELECT charge_customers(array_agg(bound), array_agg(window_id))
FROM (
    SELECT DISTINCT bound, window_id FROM spend_windows WHERE window_id = %(window)s AND bound LIKE 'customer:%%'
) AS known;

-- name: configured_budgets
SELECT bound, terms FROM configured_budgets FOR UPDATE;

-- name: set_configured_budget
INSERT INTO configured_budgets (bound, terms) VALUES (%(bound)s, %(terms)s)
ON CONFLICT (bound) DO UPDATE SET terms = excluded.terms, set_at = clock_timestamp();

-- name: forget_configured_budgets
DELETE FROM configured_budgets WHERE bound = ANY(%(bounds)s);

-- name: deployments_with_budgets
SELECT id, params FROM deployments WHERE params ? 'max_budget';

-- name: take_time
-- Within a transaction: to compare everything takes longer than what calls wait for.
SELECT set_config('statement_timeout', '600000', true);

-- name: tables_there
SELECT name FROM unnest(%(names)s::text[]) AS name WHERE to_regclass(name) IS NOT NULL;

-- name: sums_that_differ
-- The rows of a day beside what they were added to, in one statement and so at one moment.
WITH written AS (
    SELECT part.scope, part.scope_id, sum(part.cost_usd) AS spend_usd, count(*) AS requests
    FROM spend_logs AS log
    CROSS JOIN LATERAL (
        SELECT scope, scope_id, log.cost_usd FROM (VALUES
            ('key', log.key_hash), ('team', log.team_id), ('user', log.user_id),
            ('organization', log.organization_id), ('end_user', log.end_user), ('project', log.project_id),
            ('agent', log.agent_id), ('deployment', log.deployment_id),
            ('spend_days key', log.key_hash), ('spend_days end_user', log.end_user)) AS one (scope, scope_id)
        WHERE scope_id <> ''
        UNION ALL
        SELECT DISTINCT scope, tag, log.cost_usd
        FROM unnest(log.tags) AS tag, unnest('{tag,spend_days tag}'::text[]) AS scope WHERE tag <> ''
        UNION ALL
        VALUES ('total', '', log.cost_usd), ('cells', log.key_hash, log.cost_usd)
        UNION ALL
        SELECT 'failures', log.key_hash, 0 WHERE log.status <> 'success'
    ) AS part (scope, scope_id, cost_usd)
    WHERE log.day = %(day)s
    GROUP BY part.scope, part.scope_id
), summed AS (
    SELECT scope, scope_id, sum(spend_usd) AS spend_usd, sum(requests)::bigint AS requests
    FROM spend_daily WHERE day = %(day)s GROUP BY scope, scope_id
    UNION ALL
    SELECT 'cells', key_hash, sum(spend_usd), sum(requests)::bigint FROM spend_cells WHERE day = %(day)s GROUP BY key_hash
    UNION ALL
    SELECT 'failures', key_hash, 0, sum(requests)::bigint FROM spend_failures WHERE day = %(day)s GROUP BY key_hash
    UNION ALL
    SELECT 'spend_days ' || scope, scope_id, spend_usd, requests FROM spend_days WHERE day = %(day)s
)
SELECT scope, scope_id AS id, coalesce(written.spend_usd, 0) AS rows_usd, coalesce(written.requests, 0) AS rows,
       coalesce(summed.spend_usd, 0) AS summed_usd, coalesce(summed.requests, 0) AS summed
FROM written FULL JOIN summed USING (scope, scope_id)
WHERE (written.spend_usd, written.requests) IS DISTINCT FROM (summed.spend_usd, summed.requests)
ORDER BY scope, scope_id
LIMIT %(limit)s;

-- name: totals_that_differ
-- Of those who spent in a range: all that was ever spent, beside its days.
WITH seen AS (
    SELECT DISTINCT scope, scope_id FROM spend_daily WHERE day >= %(since)s
), days AS (
    SELECT daily.scope, daily.scope_id, sum(daily.spend_usd) AS spend_usd, sum(daily.requests)::bigint AS requests
    FROM spend_daily AS daily JOIN seen USING (scope, scope_id) GROUP BY 1, 2
    UNION ALL
    SELECT part.scope, part.scope_id, sum(daily.spend_usd), sum(daily.requests)::bigint
    FROM spend_daily AS daily
    CROSS JOIN LATERAL (VALUES ('model', daily.model), ('provider', daily.provider)) AS part (scope, scope_id)
    WHERE daily.scope = 'total' AND part.scope_id <> ''
    GROUP BY 1, 2 HAVING max(daily.day) >= %(since)s
    UNION ALL
    SELECT 'organization_member', organization_id || ':' || user_id, sum(spend_usd), sum(requests)::bigint
    FROM spend_cells
    WHERE organization_id <> '' AND user_id <> ''
    GROUP BY 1, 2 HAVING max(day) >= %(since)s
)
SELECT scope, scope_id AS id, days.spend_usd AS rows_usd, days.requests AS rows,
       coalesce(total.spend_usd, 0) AS summed_usd, coalesce(total.requests, 0) AS summed
FROM days LEFT JOIN spend_totals AS total USING (scope, scope_id)
WHERE (days.spend_usd, days.requests) IS DISTINCT FROM (total.spend_usd, total.requests)
ORDER BY scope, scope_id
LIMIT %(limit)s;

-- name: windows_that_differ
-- Windows that began in the range; those without an end only where no row can be older than it.
WITH written AS (
    SELECT charge.bound, charge.window_id, sum(ceil(log.cost_usd * 1000000000)) AS nano, count(*) AS requests
    FROM spend_logs AS log
    CROSS JOIN LATERAL unnest(log.charged_bounds, log.charged_windows) AS charge (bound, window_id)
    WHERE log.day >= %(since)s
    GROUP BY charge.bound, charge.window_id
), charged AS (
    SELECT bound, window_id, sum(spent_nano - base_nano) AS nano, sum(requests)::bigint AS requests
    FROM spend_windows GROUP BY bound, window_id HAVING sum(requests) > 0 OR sum(spent_nano - base_nano) <> 0
)
SELECT bound || ' ' || window_id AS id, 'window' AS scope,
       coalesce(written.nano, 0) / 1000000000 AS rows_usd, coalesce(written.requests, 0) AS rows,
       coalesce(charged.nano, 0) / 1000000000 AS summed_usd, coalesce(charged.requests, 0) AS summed
FROM written FULL JOIN charged USING (bound, window_id)
WHERE (written.nano, written.requests) IS DISTINCT FROM (charged.nano, charged.requests)
  AND CASE WHEN window_id ~ ':[0-9]{8}T[0-9]{6}Z$'
      THEN to_timestamp(right(window_id, 16), 'YYYYMMDD"T"HH24MISS') >= %(since)s
      ELSE NOT EXISTS (SELECT FROM spend_daily WHERE day < %(since)s) END
ORDER BY bound, window_id
LIMIT %(limit)s;
