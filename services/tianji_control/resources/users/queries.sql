-- name: user_by_id
SELECT user_id, alias, email, sso_user_id, role, models, blocked, max_budget, budget_duration, budget_reset_at,
       tpm_limit, rpm_limit, max_parallel_requests, metadata, extra, created_at, created_by, updated_at, updated_by
FROM users WHERE user_id = %(user_id)s;

-- name: user_by_email
SELECT user_id, alias, email, sso_user_id, role, models, blocked, max_budget, budget_duration, budget_reset_at,
       tpm_limit, rpm_limit, max_parallel_requests, metadata, extra, created_at, created_by, updated_at, updated_by
FROM users WHERE lower(email) = lower(%(email)s);

-- name: insert_user
INSERT INTO users (user_id, alias, email, sso_user_id, role, models, blocked, max_budget, budget_duration,
                   budget_reset_at, tpm_limit, rpm_limit, max_parallel_requests, metadata, extra,
                   created_at, created_by, updated_at, updated_by)
VALUES (%(user_id)s, %(alias)s, %(email)s, %(sso_user_id)s, %(role)s, %(models)s, %(blocked)s, %(max_budget)s,
        %(budget_duration)s, %(budget_reset_at)s, %(tpm_limit)s, %(rpm_limit)s, %(max_parallel_requests)s,
        %(metadata)s, %(extra)s, %(created_at)s, %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: keys_of_user
SELECT hash FROM keys WHERE user_id = %(user_id)s ORDER BY created_at DESC, hash;

-- name: spend_of_user
SELECT spend_usd FROM spend_totals WHERE scope = 'user' AND scope_id = %(user_id)s;
