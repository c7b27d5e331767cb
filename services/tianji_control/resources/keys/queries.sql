-- part: key_columns
hash, name, alias, user_id, team_id, organization_id, project_id, agent_id, budget_id, key_type, models,
       aliases, config, permissions, metadata, allowed_routes, allowed_ips, allowed_cache_controls, blocked,
       expires, max_budget, soft_budget, budget_duration, budget_reset_at, model_max_budget, spend_adjustment,
       tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, auto_rotate, rotation_interval, key_rotation_at,
       last_rotation_at, rotation_count, extra, created_at, created_by, updated_at, updated_by

-- part: key_filters
(%(user_id)s::text IS NULL OR user_id = %(user_id)s)
  AND (%(user_id_part)s::text IS NULL OR user_id ILIKE %(user_id_part)s)
  AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
  AND (%(organization_id)s::text IS NULL OR organization_id = %(organization_id)s
       OR team_id IN (SELECT team_id FROM teams WHERE organization_id = %(organization_id)s))
  AND (%(project_id)s::text IS NULL OR project_id = %(project_id)s)
  AND (%(agent_id)s::text IS NULL OR agent_id = %(agent_id)s)
  AND (%(access_group_id)s::text IS NULL OR extra -> 'access_group_ids' ? %(access_group_id)s)
  AND (%(key_hash)s::text IS NULL OR hash = %(key_hash)s)
  AND (%(key_alias)s::text IS NULL OR alias = %(key_alias)s)
  AND (%(key_alias_part)s::text IS NULL OR alias ILIKE %(key_alias_part)s)
  AND (%(search)s::text IS NULL OR alias ILIKE %(search)s OR name ILIKE %(search)s)
  AND (%(status)s::text IS NULL
       OR CASE %(status)s::text
              WHEN 'blocked' THEN blocked
              WHEN 'expired' THEN expires <= now()
              ELSE NOT blocked AND (expires IS NULL OR expires > now())
          END)
  AND (%(expires_by)s::timestamptz IS NULL OR expires <= %(expires_by)s)
  AND (%(sees_all)s OR user_id = %(own_user)s OR hash = %(own_key)s OR team_id = ANY(%(teams)s)
       OR created_by = %(created_by)s OR organization_id = ANY(%(organizations)s)
       OR team_id IN (SELECT team_id FROM teams WHERE organization_id = ANY(%(organizations)s)))

-- name: keys_by_hash
SELECT <<key_columns>>
FROM keys WHERE hash = ANY(%(hashes)s);

-- name: key_for_update
SELECT <<key_columns>>
FROM keys WHERE hash = %(hash)s FOR UPDATE;

-- name: hashes_of_aliases
SELECT hash FROM keys WHERE alias = ANY(%(aliases)s) ORDER BY hash;

-- name: insert_key
INSERT INTO keys (<<key_columns>>)
VALUES (%(hash)s, %(name)s, %(alias)s, %(user_id)s, %(team_id)s, %(organization_id)s, %(project_id)s, %(agent_id)s,
        %(budget_id)s, %(key_type)s, %(models)s, %(aliases)s, %(config)s, %(permissions)s, %(metadata)s,
        %(allowed_routes)s, %(allowed_ips)s, %(allowed_cache_controls)s, %(blocked)s, %(expires)s, %(max_budget)s,
        %(soft_budget)s, %(budget_duration)s, %(budget_reset_at)s, %(model_max_budget)s,
        %(spend_adjustment)s, %(tpm_limit)s, %(rpm_limit)s, %(tpd_limit)s, %(max_parallel_requests)s,
        %(auto_rotate)s, %(rotation_interval)s, %(key_rotation_at)s, %(last_rotation_at)s, %(rotation_count)s,
        %(extra)s, %(created_at)s, %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: update_key
UPDATE keys
SET name = %(name)s, alias = %(alias)s, user_id = %(user_id)s, team_id = %(team_id)s, organization_id =
    %(organization_id)s, project_id = %(project_id)s, agent_id = %(agent_id)s, budget_id = %(budget_id)s,
    key_type = %(key_type)s, models = %(models)s, aliases = %(aliases)s, config = %(config)s, permissions =
    %(permissions)s, metadata = %(metadata)s, allowed_routes = %(allowed_routes)s, allowed_ips = %(allowed_ips)s,
    allowed_cache_controls = %(allowed_cache_controls)s, blocked = %(blocked)s, expires = %(expires)s, max_budget = %(max_budget)s,
    soft_budget = %(soft_budget)s, budget_duration = %(budget_duration)s, budget_reset_at =
    %(budget_reset_at)s, model_max_budget = %(model_max_budget)s, spend_adjustment = %(spend_adjustment)s,
    tpm_limit = %(tpm_limit)s, rpm_limit = %(rpm_limit)s, tpd_limit = %(tpd_limit)s, max_parallel_requests =
    %(max_parallel_requests)s, auto_rotate = %(auto_rotate)s, rotation_interval = %(rotation_interval)s,
    key_rotation_at = %(key_rotation_at)s, last_rotation_at = %(last_rotation_at)s,
    rotation_count = %(rotation_count)s, extra = %(extra)s, updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE hash = %(hash)s;

-- name: delete_key
DELETE FROM keys WHERE hash = %(hash)s;

-- name: spend_of_keys
SELECT scope_id, spend_usd FROM spend_totals WHERE scope = 'key' AND scope_id = ANY(%(hashes)s);

-- name: keys_of_team_for_update
SELECT <<key_columns>>
FROM keys WHERE team_id = %(team_id)s ORDER BY hash FOR UPDATE;

-- name: keys_of_user_for_update
SELECT <<key_columns>>
FROM keys WHERE user_id = %(user_id)s ORDER BY hash FOR UPDATE;

-- name: key_page_newest
-- The order of an index: a page of a million keys reads no more than the page.
SELECT hash FROM keys
WHERE <<key_filters>>
ORDER BY created_at DESC, hash DESC
LIMIT %(limit)s OFFSET %(offset)s;

-- name: key_page
SELECT hash FROM keys
WHERE <<key_filters>>
ORDER BY CASE WHEN %(sort_by)s::text = 'key_alias' AND NOT %(descending)s THEN alias END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'key_alias' AND %(descending)s THEN alias END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'created_at' AND NOT %(descending)s THEN created_at END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'created_at' AND %(descending)s THEN created_at END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'updated_at' AND NOT %(descending)s THEN updated_at END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'updated_at' AND %(descending)s THEN updated_at END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'expires' AND NOT %(descending)s THEN expires END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'expires' AND %(descending)s THEN expires END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'max_budget' AND NOT %(descending)s THEN max_budget END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'max_budget' AND %(descending)s THEN max_budget END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'user_id' AND NOT %(descending)s THEN user_id END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'user_id' AND %(descending)s THEN user_id END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'team_id' AND NOT %(descending)s THEN team_id END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'team_id' AND %(descending)s THEN team_id END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'organization_id' AND NOT %(descending)s THEN organization_id END ASC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'organization_id' AND %(descending)s THEN organization_id END DESC NULLS LAST,
         CASE WHEN %(sort_by)s::text = 'spend' AND NOT %(descending)s THEN
             spend_adjustment + coalesce((SELECT spend_usd FROM spend_totals WHERE scope = 'key' AND scope_id = hash), 0)
         END ASC,
         CASE WHEN %(sort_by)s::text = 'spend' AND %(descending)s THEN
             spend_adjustment + coalesce((SELECT spend_usd FROM spend_totals WHERE scope = 'key' AND scope_id = hash), 0)
         END DESC,
         hash
LIMIT %(limit)s OFFSET %(offset)s;

-- name: key_count
SELECT count(*) FROM keys
WHERE <<key_filters>>;

-- name: alias_page
SELECT alias FROM keys
WHERE <<key_filters>>
  AND alias IS NOT NULL
ORDER BY alias
LIMIT %(limit)s OFFSET %(offset)s;

-- name: alias_count
SELECT count(alias) FROM keys
WHERE <<key_filters>>;

-- name: deleted_keys
SELECT object, deleted_at, deleted_by
FROM deleted_objects
WHERE kind = 'key'
  AND (%(user_id)s::text IS NULL OR object ->> 'user_id' = %(user_id)s)
  AND (%(team_id)s::text IS NULL OR object ->> 'team_id' = %(team_id)s)
  AND (%(organization_id)s::text IS NULL OR object ->> 'organization_id' = %(organization_id)s)
  AND (%(key_hash)s::text IS NULL OR object_id = %(key_hash)s)
  AND (%(key_alias)s::text IS NULL OR object ->> 'alias' = %(key_alias)s)
  AND (%(sees_all)s OR object ->> 'user_id' = %(own_user)s OR object_id = %(own_key)s
       OR object ->> 'team_id' = ANY(%(teams)s) OR object ->> 'organization_id' = ANY(%(organizations)s))
ORDER BY deleted_at DESC
LIMIT %(limit)s OFFSET %(offset)s;
