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
       OR team_id = ANY(ARRAY(SELECT team_id FROM teams WHERE organization_id = %(organization_id)s)))
  AND (%(project_id)s::text IS NULL OR project_id = %(project_id)s)
  AND (%(agent_id)s::text IS NULL OR agent_id = %(agent_id)s)
  AND (%(access_group_id)s::text IS NULL OR extra -> 'access_group_ids' ? %(access_group_id)s)
  AND (%(key_hash)s::text IS NULL OR hash = %(key_hash)s)
  AND (%(key_alias)s::text IS NULL OR alias = %(key_alias)s)
  AND (%(key_alias_part)s::text IS NULL OR alias ILIKE %(key_alias_part)s)
  AND (%(search)s::text IS NULL OR alias ILIKE %(search)s OR name ILIKE %(search)s)
  AND (%(status)s::text IS NULL OR (%(status)s::text = 'blocked' AND blocked)
       OR (%(status)s::text = 'expired' AND expires <= now())
       OR (%(status)s::text = 'active' AND NOT blocked AND (expires IS NULL OR expires > now())))
  AND (%(expires_by)s::timestamptz IS NULL OR expires <= %(expires_by)s)
  AND (%(sees_all)s OR user_id = %(own_user)s OR hash = %(own_key)s OR team_id = ANY(%(teams)s)
       OR created_by = %(created_by)s OR organization_id = ANY(%(organizations)s)
       OR team_id = ANY(ARRAY(SELECT team_id FROM teams WHERE organization_id = ANY(%(organizations)s))))

-- part: part_of_list
LIMIT %(limit)s OFFSET %(offset)s

-- part: up_to_there
LIMIT %(limit)s::bigint + %(offset)s

-- name: keys_by_hash
SELECT <<key_columns>>
FROM keys WHERE hash = ANY(%(hashes)s);

-- name: keys_for_update
SELECT <<key_columns>>
FROM keys WHERE hash = ANY(%(hashes)s) ORDER BY hash FOR UPDATE;

-- name: hashes_of_aliases
SELECT hash FROM keys WHERE alias = ANY(%(aliases)s) ORDER BY hash;

-- name: insert_keys
INSERT INTO keys (<<key_columns>>)
SELECT <<key_columns>> FROM jsonb_populate_recordset(NULL::keys, %(rows)s);

-- name: update_keys
UPDATE keys
SET (<<key_columns>>) = (SELECT <<key_columns>> FROM jsonb_populate_record(NULL::keys, new.row))
FROM jsonb_array_elements(%(rows)s) AS new (row)
WHERE hash = new.row ->> 'hash';

-- name: give_value
SELECT give_value_to_key(%(hash)s, %(new_hash)s);

-- name: is_value_of_another
SELECT EXISTS (SELECT FROM values_of_key(%(hash)s) AS value JOIN keys ON keys.hash = value WHERE value <> %(hash)s);

-- name: delete_keys
DELETE FROM keys WHERE hash = ANY(%(hashes)s);

-- name: newest_keys_of_teams
SELECT k.*
FROM unnest(%(team_ids)s::text[]) AS team (id),
     LATERAL (SELECT <<key_columns>> FROM keys WHERE team_id = team.id
              ORDER BY created_at DESC, hash DESC LIMIT %(limit)s) k
ORDER BY k.created_at DESC, k.hash DESC;

-- name: keys_of_team_for_update
SELECT <<key_columns>>
FROM keys WHERE team_id = %(team_id)s ORDER BY hash FOR UPDATE;

-- name: keys_of_user_for_update
SELECT <<key_columns>>
FROM keys WHERE user_id = %(user_id)s ORDER BY hash FOR UPDATE;

-- One query for each order, so that each can follow an index and read no more than the page. What has no value
-- comes last; the first of the two parts yields its rows before the second is looked at.
-- name: key_page_{column}_{direction}
-- each: column = created_at updated_at; direction = ASC DESC
SELECT hash FROM keys WHERE <<key_filters>>
ORDER BY {column} {direction}, hash {direction}
<<part_of_list>>;

-- name: key_page_{column}_{direction}
-- each: column = alias expires max_budget user_id team_id organization_id; direction = ASC DESC
(SELECT hash FROM keys WHERE {column} IS NOT NULL AND <<key_filters>>
 ORDER BY {column} {direction}, hash {direction} <<up_to_there>>)
UNION ALL (SELECT hash FROM keys WHERE {column} IS NULL AND <<key_filters>> ORDER BY hash <<up_to_there>>)
<<part_of_list>>;

-- part: one_value
NOT EXISTS (SELECT FROM key_values v WHERE v.hash = keys.hash)

-- part: keys_that_spent_nothing
(SELECT hash FROM keys WHERE spend_adjustment = 0 AND <<one_value>> AND <<key_filters>>
   AND NOT EXISTS (SELECT FROM spend_totals t WHERE t.scope = 'key' AND t.scope_id = hash)
 ORDER BY hash <<up_to_there>>)

-- part: keys_that_spent_{direction}
-- each: direction = ASC DESC
(SELECT hash FROM (
     (SELECT hash, t.spend_usd AS spend FROM spend_totals t JOIN keys ON hash = t.scope_id
      WHERE t.scope = 'key' AND spend_adjustment = 0 AND <<one_value>> AND <<key_filters>>
      ORDER BY t.key_spend_usd {direction}, t.scope_id {direction} <<up_to_there>>)
     UNION ALL
     SELECT hash, spend_adjustment + coalesce(
         (SELECT t.spend_usd FROM spend_totals t WHERE t.scope = 'key' AND t.scope_id = hash), 0)
     FROM keys WHERE spend_adjustment <> 0 AND <<one_value>> AND <<key_filters>>
     UNION ALL
     SELECT keys.hash, spend_adjustment + coalesce(sum(t.spend_usd), 0)
     FROM keys JOIN key_values USING (hash) JOIN (SELECT origin, hash AS value FROM key_values) also USING (origin)
     LEFT JOIN spend_totals t ON t.scope = 'key' AND t.scope_id = also.value
     WHERE <<key_filters>> GROUP BY keys.hash
 ) spent ORDER BY spend {direction}, hash {direction} <<up_to_there>>)

-- name: key_page_spend_asc
<<keys_that_spent_nothing>> UNION ALL <<keys_that_spent_asc>> <<part_of_list>>;

-- name: key_page_spend_desc
<<keys_that_spent_desc>> UNION ALL <<keys_that_spent_nothing>> <<part_of_list>>;

-- name: key_count
SELECT count(*) FROM keys
WHERE <<key_filters>>;

-- name: key_count_capped
SELECT count(*) FROM (SELECT FROM keys WHERE <<key_filters>> LIMIT %(most)s) found;

-- name: key_count_not_in_use
SELECT (SELECT count(*) FROM keys WHERE blocked)
     + (SELECT count(*) FROM keys WHERE expires <= now() AND NOT blocked);

-- name: alias_page
SELECT alias FROM keys
WHERE alias IS NOT NULL AND <<key_filters>>
ORDER BY alias
<<part_of_list>>;

-- name: alias_count
SELECT count(*) FROM (SELECT FROM keys WHERE alias IS NOT NULL AND <<key_filters>> LIMIT %(most)s) found;

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
