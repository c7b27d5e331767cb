-- part: user_columns
user_id, alias, email, sso_user_id, role, models, blocked, max_budget, budget_duration, budget_reset_at,
       tpm_limit, rpm_limit, max_parallel_requests, metadata, extra, created_at, created_by, updated_at, updated_by

-- part: user_filters
(%(role)s::text IS NULL OR role = %(role)s)
  AND (%(user_ids)s::text[] IS NULL OR user_id = ANY(%(user_ids)s))
  AND (%(sso_user_ids)s::text[] IS NULL OR sso_user_id = ANY(%(sso_user_ids)s))
  AND (%(user_email)s::text IS NULL OR email ILIKE %(user_email)s)
  AND (%(search)s::text IS NULL OR email ILIKE %(search)s OR user_id ILIKE %(search)s OR alias ILIKE %(search)s)
  AND (%(team_id)s::text IS NULL OR EXISTS
           (SELECT FROM team_members m WHERE m.user_id = users.user_id AND m.team_id = %(team_id)s))
  AND (%(organization_ids)s::text[] IS NULL OR EXISTS
           (SELECT FROM organization_members m
            WHERE m.user_id = users.user_id AND m.organization_id = ANY(%(organization_ids)s)))
  AND (%(sees_all)s OR user_id = %(own_user)s OR EXISTS
           (SELECT FROM organization_members m
            WHERE m.user_id = users.user_id AND m.organization_id = ANY(%(organizations)s)))

-- name: user_by_id
SELECT <<user_columns>>
FROM users WHERE user_id = %(user_id)s;

-- name: users_by_id
SELECT <<user_columns>>
FROM users WHERE user_id = ANY(%(user_ids)s);

-- name: user_by_email
SELECT <<user_columns>>
FROM users WHERE lower(email) = lower(%(email)s);

-- name: users_by_email
SELECT asked.email AS asked, user_id
FROM unnest(%(emails)s::text[]) AS asked (email) JOIN users ON lower(users.email) = lower(asked.email);

-- name: insert_users
INSERT INTO users (<<user_columns>>)
SELECT <<user_columns>> FROM jsonb_populate_recordset(NULL::users, %(rows)s) ORDER BY user_id;

-- name: keys_of_user
SELECT hash FROM keys WHERE user_id = %(user_id)s ORDER BY created_at DESC, hash;

-- name: users_for_update
SELECT <<user_columns>>
FROM users WHERE user_id = ANY(%(user_ids)s) ORDER BY user_id FOR UPDATE;

-- name: user_for_share
SELECT <<user_columns>>
FROM users WHERE user_id = %(user_id)s FOR SHARE;

-- name: update_users
UPDATE users
SET (<<user_columns>>) = (SELECT <<user_columns>> FROM jsonb_populate_record(NULL::users, new.row))
FROM jsonb_array_elements(%(rows)s) AS new (row)
WHERE user_id = new.row ->> 'user_id';

-- name: delete_user
DELETE FROM users WHERE user_id = %(user_id)s;

-- name: all_user_ids
SELECT user_id FROM users ORDER BY user_id;

-- name: user_page_{column}_{direction}
-- each: column = user_id email created_at updated_at alias role spend; direction = ASC DESC
SELECT <<user_columns>>
FROM users LEFT JOIN (
    SELECT scope_id, spend_usd AS spend FROM spend_totals WHERE scope = 'user') spent ON scope_id = user_id
WHERE <<user_filters>>
ORDER BY {column} {direction} NULLS LAST, user_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: user_count
SELECT count(*) FROM users
WHERE <<user_filters>>;

-- name: facts_of_users
SELECT u.user_id,
       ARRAY(SELECT m.team_id FROM team_members m WHERE m.user_id = u.user_id
             ORDER BY m.created_at, m.team_id) AS teams,
       (SELECT count(*) FROM keys k WHERE k.user_id = u.user_id) AS key_count,
       coalesce((SELECT spend_usd FROM spend_totals WHERE scope = 'user' AND scope_id = u.user_id), 0) AS spend
FROM unnest(%(user_ids)s::text[]) AS u(user_id);
