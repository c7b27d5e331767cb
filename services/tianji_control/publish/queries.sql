-- name: lead
SELECT pg_try_advisory_lock(%(lock)s);

-- name: still_here
SELECT 1;

-- name: note
WITH noted AS (
    INSERT INTO outbox (kind, object_id) VALUES (%(kind)s, %(object_id)s) RETURNING id
)
SELECT id, pg_notify('tianji_outbox', '') AS told FROM noted;

-- name: listen
LISTEN tianji_outbox;

-- name: one_snapshot
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- name: pending
(SELECT id, kind, object_id FROM outbox WHERE kind = ANY(%(config_kinds)s))
UNION ALL
(SELECT id, kind, object_id FROM outbox WHERE kind <> ALL(%(config_kinds)s) ORDER BY id LIMIT %(limit)s);

-- name: pending_count
SELECT count(*) FROM outbox;

-- name: still_pending
SELECT count(*) FROM outbox WHERE id = ANY(%(ids)s);

-- name: forget
DELETE FROM outbox WHERE id = ANY(%(ids)s);

-- name: published
SELECT revision, config_sequence, keys_sequence, keys_bucket FROM published;

-- name: publish_done
UPDATE published
SET revision = %(revision)s, config_sequence = greatest(%(config_sequence)s, config_sequence),
    keys_sequence = greatest(%(keys_sequence)s, keys_sequence), published_at = now();

-- name: buckets_replaced
UPDATE published
SET revision = %(revision)s, config_sequence = %(config_sequence)s, keys_sequence = %(keys_sequence)s,
    keys_bucket = %(keys_bucket)s, published_at = now();

-- name: keys_by_hash
SELECT k.hash, k.name, k.alias, k.user_id, k.team_id, k.organization_id, k.project_id, k.models, k.aliases,
       k.allowed_routes, k.blocked, k.expires, k.max_budget,
       coalesce(s.spend_usd, 0) + k.spend_adjustment AS spend,
       k.tpm_limit, k.rpm_limit, k.max_parallel_requests, k.metadata, k.config, k.permissions
FROM keys k LEFT JOIN spend_totals s ON s.scope = 'key' AND s.scope_id = k.hash
WHERE k.hash = ANY(%(ids)s);

-- name: keys_after
SELECT hash FROM keys WHERE hash > %(after)s ORDER BY hash LIMIT %(limit)s;

-- name: teams_by_id
SELECT team_id AS id, alias, organization_id, models, aliases, blocked, max_budget, tpm_limit, rpm_limit, metadata
FROM teams WHERE team_id = ANY(%(ids)s);

-- name: teams_after
SELECT team_id FROM teams WHERE team_id > %(after)s ORDER BY team_id LIMIT %(limit)s;

-- name: users_by_id
SELECT user_id AS id, email, role, models, blocked, max_budget, tpm_limit, rpm_limit, metadata
FROM users WHERE user_id = ANY(%(ids)s);

-- name: users_after
SELECT user_id FROM users WHERE user_id > %(after)s ORDER BY user_id LIMIT %(limit)s;

-- name: organizations_by_id
SELECT organization_id AS id, alias, models, blocked, max_budget, tpm_limit, rpm_limit, max_parallel_requests,
       metadata
FROM organizations WHERE organization_id = ANY(%(ids)s);

-- name: organizations_after
SELECT organization_id FROM organizations WHERE organization_id > %(after)s
ORDER BY organization_id LIMIT %(limit)s;

-- name: customers_by_id
SELECT user_id AS id, models, blocked FROM customers WHERE user_id = ANY(%(ids)s);

-- name: customers_after
SELECT user_id FROM customers WHERE user_id > %(after)s ORDER BY user_id LIMIT %(limit)s;

-- name: deployments_by_id
SELECT id, model_name, provider, model, params, secrets, info, team_id, source, blocked, created_at, updated_at
FROM deployments WHERE id = ANY(%(ids)s);

-- name: deployments_after
SELECT id FROM deployments WHERE id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: settings_by_id
SELECT id, router, calls, general, master_key_hash, environment FROM settings WHERE id = ANY(%(ids)s);

-- name: settings_after
SELECT id FROM settings WHERE id > %(after)s ORDER BY id LIMIT %(limit)s;
