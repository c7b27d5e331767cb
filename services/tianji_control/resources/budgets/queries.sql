-- name: budgets_by_id
SELECT budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, tpd_limit, model_max_budget,
       budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by
FROM budgets WHERE budget_id = ANY(%(ids)s) ORDER BY budget_id;

-- name: budget_for_update
SELECT budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, tpd_limit, model_max_budget,
       budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by
FROM budgets WHERE budget_id = %(id)s FOR UPDATE;

-- name: budgets
SELECT budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, tpd_limit, model_max_budget,
       budget_duration, budget_reset_at, created_at, created_by, updated_at, updated_by
FROM budgets ORDER BY created_at DESC, budget_id LIMIT %(limit)s;

-- name: insert_budget
INSERT INTO budgets (budget_id, max_budget, soft_budget, max_parallel_requests, tpm_limit, rpm_limit, tpd_limit,
                     model_max_budget, budget_duration, budget_reset_at, created_at, created_by, updated_at,
                     updated_by)
VALUES (%(budget_id)s, %(max_budget)s, %(soft_budget)s, %(max_parallel_requests)s, %(tpm_limit)s, %(rpm_limit)s,
        %(tpd_limit)s, %(model_max_budget)s, %(budget_duration)s, %(budget_reset_at)s, %(created_at)s,
        %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: update_budget
UPDATE budgets
SET max_budget = %(max_budget)s, soft_budget = %(soft_budget)s, max_parallel_requests =
    %(max_parallel_requests)s, tpm_limit = %(tpm_limit)s, rpm_limit = %(rpm_limit)s, tpd_limit = %(tpd_limit)s,
    model_max_budget = %(model_max_budget)s, budget_duration = %(budget_duration)s, budget_reset_at =
    %(budget_reset_at)s, updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE budget_id = %(budget_id)s;

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
