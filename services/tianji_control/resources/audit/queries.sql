-- part: audit_columns
id, at, actor, actor_role, actor_key_hash, action, resource, resource_id, before, after, ip, route,
       changed_by, organizations, team_id, key_hash

-- part: audit_filters
(%(actor)s::text IS NULL OR actor = %(actor)s OR changed_by = %(actor)s)
  AND (%(actor_key_hash)s::text IS NULL OR actor_key_hash = %(actor_key_hash)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND (%(verbs)s::text[] IS NULL OR split_part(action, ':', 2) = ANY(%(verbs)s))
  AND (%(other_verbs)s::text[] IS NULL OR split_part(action, ':', 2) <> ALL(%(other_verbs)s))
  AND (%(resource)s::text IS NULL OR resource = %(resource)s)
  AND (%(resource_id)s::text IS NULL OR resource_id = %(resource_id)s)
  AND (%(organization_id)s::text IS NULL OR %(organization_id)s = ANY(organizations)
       OR (resource = 'organization' AND resource_id = %(organization_id)s))
  AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
  AND (%(key_hash)s::text IS NULL OR key_hash = %(key_hash)s)
  AND (%(search)s::text IS NULL OR resource_id ILIKE %(search)s OR actor ILIKE %(search)s
       OR action ILIKE %(search)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(sees_all)s OR organizations && %(seen)s::text[]
       OR (resource = 'organization' AND resource_id = ANY(%(seen)s)))

-- name: audit_page
-- Which rows first, from an index where nothing narrows them; then these alone whole.
SELECT <<audit_columns>>
FROM audit_log
WHERE id = ANY(ARRAY(
    SELECT id FROM audit_log
    WHERE <<audit_filters>>
    ORDER BY CASE WHEN NOT %(descending)s THEN id END, id DESC
    LIMIT %(limit)s OFFSET %(offset)s))
ORDER BY CASE WHEN NOT %(descending)s THEN id END, id DESC;

-- name: audit_count
SELECT count(*) FROM (SELECT FROM audit_log WHERE <<audit_filters>> LIMIT %(most)s) found;

-- name: audit_by_id
SELECT <<audit_columns>>
FROM audit_log WHERE id = %(id)s;
