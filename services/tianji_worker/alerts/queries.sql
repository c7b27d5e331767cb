-- name: settings
SELECT v.general, v.environment,
       coalesce(s.secrets ->> 'alert_to_webhook_url',
                (SELECT f.value #>> '{}' FROM settings_fields f
                 WHERE f.section = 'general_settings' AND f.name = 'alert_to_webhook_url' AND f.secret)) AS addresses
FROM settings_in_force v JOIN settings s ON s.id = v.id
WHERE v.id = 'global';

-- name: windows
SELECT bound, window_id, sum(spent_nano) AS spent_nano
FROM spend_windows
WHERE (bound, window_id) IN (SELECT * FROM unnest(%(bounds)s::text[], %(windows)s::text[]))
GROUP BY bound, window_id;

-- name: charged_since
SELECT DISTINCT bound, window_id FROM spend_windows WHERE updated_at >= %(since)s;

-- name: note
INSERT INTO budget_alerts (bound, window_id, event, percent, limit_nano, spent_nano)
SELECT bound, window_id, event, percent, limit_nano, max(spent_nano)
FROM unnest(%(bounds)s::text[], %(windows)s::text[], %(events)s::text[], %(percents)s::integer[],
            %(limits)s::numeric[], %(spent)s::numeric[])
     AS found (bound, window_id, event, percent, limit_nano, spent_nano)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
ON CONFLICT DO NOTHING;

-- name: unplanned
SELECT id, bound, window_id, event, percent, limit_nano, spent_nano, extract(epoch FROM found_at)::float8 AS at
FROM budget_alerts WHERE planned_at IS NULL
ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: forget_unplanned
-- While nobody is to be told: whoever is told later hears of what happens then.
DELETE FROM budget_alerts WHERE planned_at IS NULL;

-- name: plan
UPDATE budget_alerts SET told = %(told)s, planned_at = now() WHERE id = %(id)s;

-- name: address
INSERT INTO alert_deliveries (alert_id, target) SELECT %(id)s, unnest(%(targets)s::text[]) ON CONFLICT DO NOTHING;

-- name: claim
-- Whoever takes them has a minute to send them; then others try again.
UPDATE alert_deliveries AS taken
SET attempts = taken.attempts + 1, next_at = now() + interval '1 minute'
FROM (
    SELECT alert_id, target FROM alert_deliveries
    WHERE sent_at IS NULL AND given_up_at IS NULL AND next_at <= now()
      AND (target = ANY(%(targets)s) OR (%(by_mail)s AND starts_with(target, 'email:')))
    ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due, budget_alerts AS alert
WHERE taken.alert_id = due.alert_id AND taken.target = due.target AND alert.id = due.alert_id
RETURNING taken.alert_id, taken.target, taken.attempts, alert.told,
          extract(EPOCH FROM now() - alert.found_at)::float8 AS age_s;

-- name: sent
UPDATE alert_deliveries SET sent_at = now(), fault = NULL WHERE alert_id = %(alert_id)s AND target = %(target)s;

-- name: failed
UPDATE alert_deliveries
SET fault = %(fault)s, next_at = now() + make_interval(secs => %(pause_s)s),
    given_up_at = CASE WHEN %(given_up)s THEN now() END
WHERE alert_id = %(alert_id)s AND target = %(target)s;

-- name: forget
-- What was told of windows that ended long ago; those without an end keep it, to be told of once.
WITH old AS (
    DELETE FROM budget_alerts
    WHERE found_at < %(before)s AND window_id ~ ':[0-9]{8}T[0-9]{6}Z$'
      AND to_timestamp(right(window_id, 16), 'YYYYMMDD"T"HH24MISS') < %(before)s
    RETURNING id
)
SELECT count(*) FROM old;

-- name: give_up
-- Addresses that nobody knows any more.
UPDATE alert_deliveries AS late SET given_up_at = now(), fault = coalesce(late.fault, 'the address is not set any more')
FROM budget_alerts AS alert
WHERE alert.id = late.alert_id AND late.sent_at IS NULL AND late.given_up_at IS NULL AND alert.found_at < %(before)s;

-- name: keys
-- By what budgets go by: of a key with more than one value the first of them. It is told by the one in force.
SELECT asked.id, k.hash AS token, k.alias AS key_alias, k.user_id, k.team_id, t.alias AS team_alias,
       coalesce(t.organization_id, k.organization_id) AS organization_id, u.email AS user_email,
       coalesce(k.max_budget, b.max_budget) AS max_budget, coalesce(k.soft_budget, b.soft_budget) AS soft_budget,
       k.metadata || jsonb_build_object(
           'budget_limits', k.extra -> 'budget_limits',
           'model_max_budget', coalesce(nullif(k.model_max_budget, '{}'), b.model_max_budget),
           'default_max_budget_alert_emails', s.calls -> 'default_key_max_budget_alert_emails') AS said
FROM unnest(%(ids)s::text[]) AS asked (id), values_of_key(asked.id) AS value
JOIN keys k ON k.hash = value AND NOT k.extra ? 'successor'
LEFT JOIN budgets b ON b.budget_id = k.budget_id
LEFT JOIN teams t ON t.team_id = k.team_id
LEFT JOIN users u ON u.user_id = k.user_id
LEFT JOIN settings_in_force s ON s.id = 'global';

-- name: teams
SELECT team_id AS id, team_id, alias AS team_alias, organization_id, max_budget, soft_budget,
       metadata || jsonb_build_object('budget_limits', extra -> 'budget_limits',
                                      'model_max_budget', extra -> 'model_max_budget') AS said
FROM teams WHERE team_id = ANY(%(ids)s);

-- name: members
SELECT m.team_id || ':' || m.user_id AS id, m.team_id, m.user_id, t.alias AS team_alias, t.organization_id,
       u.email AS user_email, coalesce(m.max_budget, (t.extra ->> 'team_member_budget')::numeric) AS max_budget,
       m.extra || jsonb_build_object(
           'max_budget_alert_emails', t.metadata -> 'team_member_max_budget_alert_emails') AS said
FROM team_members m
JOIN teams t ON t.team_id = m.team_id
JOIN users u ON u.user_id = m.user_id
WHERE m.team_id = ANY(%(prefixes)s) AND m.team_id || ':' || m.user_id = ANY(%(ids)s);

-- name: emails_of_team
SELECT u.email FROM team_members m JOIN users u ON u.user_id = m.user_id
WHERE m.team_id = %(team_id)s AND u.email IS NOT NULL ORDER BY m.created_at, m.user_id;

-- name: users
SELECT user_id AS id, user_id, email AS user_email, max_budget,
       metadata || jsonb_build_object('model_max_budget', extra -> 'model_max_budget') AS said
FROM users WHERE user_id = ANY(%(ids)s);

-- name: organizations
SELECT o.organization_id AS id, o.organization_id, coalesce(o.max_budget, b.max_budget) AS max_budget,
       coalesce(o.soft_budget, b.soft_budget) AS soft_budget,
       o.metadata || jsonb_build_object(
           'model_max_budget', coalesce(nullif(o.model_max_budget, '{}'), b.model_max_budget)) AS said
FROM organizations o LEFT JOIN budgets b ON b.budget_id = o.budget_id
WHERE o.organization_id = ANY(%(ids)s);

-- name: organization_members
SELECT m.organization_id || ':' || m.user_id AS id, m.organization_id, m.user_id, u.email AS user_email,
       b.max_budget, b.soft_budget
FROM organization_members m
JOIN users u ON u.user_id = m.user_id
LEFT JOIN budgets b ON b.budget_id = m.budget_id
WHERE m.organization_id = ANY(%(prefixes)s) AND m.organization_id || ':' || m.user_id = ANY(%(ids)s);

-- name: projects
SELECT p.project_id AS id, p.team_id, t.alias AS team_alias, t.organization_id, b.max_budget, b.soft_budget
FROM projects p
JOIN teams t ON t.team_id = p.team_id
LEFT JOIN budgets b ON b.budget_id = p.budget_id
WHERE p.project_id = ANY(%(ids)s);

-- name: customers
-- One without a budget is held to what all such customers are, if anything is said of them.
SELECT asked.id, asked.id AS customer_id, b.soft_budget,
       coalesce(b.max_budget, CASE
           WHEN b.budget_id IS NULL AND jsonb_typeof(s.calls -> 'max_end_user_budget') = 'number'
           THEN (s.calls ->> 'max_end_user_budget')::numeric END) AS max_budget
FROM unnest(%(ids)s::text[]) AS asked (id)
LEFT JOIN settings_in_force s ON s.id = 'global'
LEFT JOIN customers c ON c.user_id = asked.id
LEFT JOIN budgets b ON b.budget_id = coalesce(c.budget_id, s.calls ->> 'max_end_user_budget_id');

-- name: tags
SELECT asked.id, coalesce(b.max_budget, (f.terms ->> 'max_budget')::numeric) AS max_budget, b.soft_budget
FROM unnest(%(ids)s::text[]) AS asked (id)
LEFT JOIN tags t ON t.name = asked.id
LEFT JOIN budgets b ON b.budget_id = t.budget_id
LEFT JOIN configured_budgets f ON f.bound = 'tag:' || asked.id;

-- name: configured
SELECT asked.id, (f.terms ->> 'max_budget')::numeric AS max_budget
FROM unnest(%(ids)s::text[]) AS asked (id)
LEFT JOIN configured_budgets f ON f.bound = %(kind)s || CASE asked.id WHEN '' THEN '' ELSE ':' || asked.id END;
