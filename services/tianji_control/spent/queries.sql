-- name: window_sums
SELECT bound, window_id AS window, sum(spent_nano) AS spent_nano
FROM spend_windows
WHERE (bound, window_id) IN (SELECT * FROM unnest(%(bounds)s::text[], %(windows)s::text[]))
GROUP BY bound, window_id;

-- name: generations
SELECT holder, generation, extract(epoch FROM since)::float8 AS since, base_usd
FROM budget_generations
WHERE holder = ANY(%(holders)s);

-- name: begin_anew
INSERT INTO budget_generations AS stored (holder, generation, base_usd)
VALUES (%(holder)s, 1, %(base_usd)s)
ON CONFLICT (holder) DO UPDATE
SET generation = stored.generation + 1, base_usd = excluded.base_usd, since = clock_timestamp();

-- name: top_up
-- In one statement, so that rows, sums and windows are those of one moment.
INSERT INTO spend_windows AS stored (bound, window_id, process, spent_nano, told)
SELECT %(bound)s::text, %(window)s::text, '', missing.nano, false
FROM (
    SELECT ceil(%(spent_usd)s::numeric * 1000000000) - coalesce(sum(spent_nano), 0) AS nano
    FROM spend_windows WHERE bound = %(bound)s AND window_id = %(window)s
) AS missing
WHERE missing.nano > 0
ON CONFLICT (bound, window_id, process) DO UPDATE SET
    spent_nano = stored.spent_nano + excluded.spent_nano, told = false, updated_at = now();

-- name: total_of_scope
SELECT spend_usd FROM spend_totals WHERE scope = %(scope)s AND scope_id = %(id)s;

-- name: days_of_scope
SELECT coalesce(sum(spend_usd), 0) FROM spend_daily
WHERE scope = %(scope)s AND scope_id = %(id)s AND day > %(day)s AND (%(model)s = '' OR model = %(model)s);

-- name: days_of_user_in_team
SELECT coalesce(sum(spend_usd), 0) FROM spend_cells
WHERE user_id = %(user_id)s AND team_id = %(team_id)s AND day > %(day)s AND (%(model)s = '' OR model = %(model)s);

-- name: rest_of_key
SELECT coalesce(sum(cost_usd), 0) FROM spend_logs
WHERE key_hash = %(id)s AND day = %(day)s AND started_at >= to_timestamp(%(since)s)
  AND (%(model)s = '' OR coalesce(nullif(model_group, ''), model) = %(model)s);

-- name: rest_of_team
SELECT coalesce(sum(cost_usd), 0) FROM spend_logs
WHERE team_id = %(id)s AND day = %(day)s AND started_at >= to_timestamp(%(since)s)
  AND (%(model)s = '' OR coalesce(nullif(model_group, ''), model) = %(model)s);

-- name: rest_of_user_in_team
SELECT coalesce(sum(cost_usd), 0) FROM spend_logs
WHERE user_id = %(user_id)s AND coalesce(team_id, '') = %(team_id)s AND day = %(day)s
  AND started_at >= to_timestamp(%(since)s)
  AND (%(model)s = '' OR coalesce(nullif(model_group, ''), model) = %(model)s);

-- name: rest_of_organization
SELECT coalesce(sum(cost_usd), 0) FROM spend_logs
WHERE organization_id = %(id)s AND day = %(day)s AND started_at >= to_timestamp(%(since)s)
  AND (%(model)s = '' OR coalesce(nullif(model_group, ''), model) = %(model)s);

-- name: rest_of_end_user
SELECT coalesce(sum(cost_usd), 0) FROM spend_logs
WHERE end_user = %(id)s AND day = %(day)s AND started_at >= to_timestamp(%(since)s)
  AND (%(model)s = '' OR coalesce(nullif(model_group, ''), model) = %(model)s);

-- name: rest_of_tag
SELECT coalesce(sum(cost_usd), 0) FROM spend_logs
WHERE %(id)s = ANY(tags) AND day = %(day)s AND started_at >= to_timestamp(%(since)s)
  AND (%(model)s = '' OR coalesce(nullif(model_group, ''), model) = %(model)s);

-- name: member_terms
-- What a member is held to: what is said of them, else what the team says of its members.
SELECT m.extra || jsonb_build_object(
    'max_budget', coalesce(to_jsonb(m.max_budget), t.extra->'team_member_budget'),
    'budget_duration', coalesce(
        m.budget_duration,
        CASE WHEN m.max_budget IS NULL THEN t.extra->>'team_member_budget_duration' END),
    'made', extract(epoch FROM m.created_at)) AS terms
FROM team_members m JOIN teams t ON t.team_id = m.team_id
WHERE m.team_id = %(team_id)s AND m.user_id = %(user_id)s;

-- name: holders_of_budget
SELECT 'key' AS kind, hash AS id FROM keys WHERE budget_id = %(id)s
UNION ALL SELECT 'organization', organization_id FROM organizations WHERE budget_id = %(id)s
UNION ALL SELECT 'customer', user_id FROM customers WHERE budget_id = %(id)s
UNION ALL SELECT 'tag', name FROM tags WHERE budget_id = %(id)s;
