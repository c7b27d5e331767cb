-- part: budget_columns
budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, tpd_limit, model_max_budget,
       budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by

-- name: budgets_by_id
SELECT <<budget_columns>>
FROM budgets WHERE budget_id = ANY(%(ids)s) ORDER BY budget_id;

-- name: budget_for_update
SELECT <<budget_columns>>
FROM budgets WHERE budget_id = %(id)s FOR UPDATE;

-- name: budgets
SELECT <<budget_columns>>
FROM budgets ORDER BY created_at DESC, budget_id LIMIT %(limit)s;

-- name: insert_budget
INSERT INTO budgets (<<budget_columns>>)
SELECT <<budget_columns>> FROM jsonb_populate_record(NULL::budgets, %(row)s);

-- name: update_budget
UPDATE budgets
SET (<<budget_columns>>) = (SELECT <<budget_columns>> FROM jsonb_populate_record(NULL::budgets, %(row)s))
WHERE budget_id = %(row)s::jsonb ->> 'budget_id';

-- name: delete_budget
DELETE FROM budgets WHERE budget_id = %(id)s;

-- name: days_of_organization
SELECT day, sum(spend_usd) AS spend_usd, sum(requests)::bigint AS requests,
       sum(input_tokens + output_tokens)::bigint AS tokens
FROM spend_daily
WHERE scope = 'organization' AND scope_id = %(organization_id)s AND day >= %(since)s
GROUP BY day ORDER BY day DESC;

-- name: tell_holders_of_budget
WITH held AS (
    SELECT 'key' AS kind, hash AS id FROM keys WHERE budget_id = %(id)s
    UNION SELECT 'key', hash FROM keys WHERE extra->>'end_user_budget_id' = %(id)s
    UNION SELECT 'organization', organization_id FROM organizations WHERE budget_id = %(id)s
    UNION SELECT 'customer', user_id FROM customers WHERE budget_id = %(id)s
    UNION SELECT 'tag', name FROM tags WHERE budget_id = %(id)s
    UNION SELECT 'project', project_id FROM projects WHERE budget_id = %(id)s
    UNION SELECT 'user', user_id FROM organization_members WHERE budget_id = %(id)s
    UNION SELECT 'settings', settings_in_force.id FROM settings_in_force WHERE calls->>'max_end_user_budget_id' = %(id)s
), noted AS (
    INSERT INTO outbox (kind, object_id) SELECT kind, id FROM held RETURNING id
)
SELECT id, pg_notify('tianji_outbox', '')::text AS told FROM noted;
