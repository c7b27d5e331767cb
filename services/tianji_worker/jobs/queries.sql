-- name: alone
SELECT pg_try_advisory_xact_lock(%(lock)s);

-- name: last_run
SELECT ran_at FROM jobs WHERE name = %(name)s;

-- name: record_run
INSERT INTO jobs (name, ran_at, done, took_ms) VALUES (%(name)s, %(ran_at)s, %(done)s, %(took_ms)s)
ON CONFLICT (name) DO UPDATE
SET ran_at = excluded.ran_at, done = excluded.done, took_ms = excluded.took_ms;

-- name: plan_rotations
-- Keys that are to be rotated and have no time for it yet.
UPDATE keys SET key_rotation_at = %(now)s::timestamptz + replace(rotation_interval, 'mo', 'mon')::interval
WHERE auto_rotate AND rotation_interval IS NOT NULL AND key_rotation_at IS NULL;

-- name: due_keys
SELECT hash, name, alias, expires
FROM keys
WHERE auto_rotate AND rotation_interval IS NOT NULL AND key_rotation_at <= %(now)s
  AND NOT blocked AND (expires IS NULL OR expires > %(now)s)
ORDER BY key_rotation_at LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: retire_key
UPDATE keys
SET alias = NULL, auto_rotate = false, key_rotation_at = NULL, updated_at = %(now)s, updated_by = %(by)s,
    extra = extra || jsonb_build_object('successor', %(new_hash)s::text),
    expires = least(expires, %(now)s::timestamptz + replace(%(grace)s, 'mo', 'mon')::interval)
WHERE hash = %(hash)s;

-- name: succeed_key
-- All of the old key but what makes it another one.
INSERT INTO keys
SELECT (jsonb_populate_record(k, jsonb_build_object(
    'hash', %(new_hash)s::text, 'name', %(new_name)s::text, 'alias', %(alias)s::text,
    'expires', %(expires)s::timestamptz, 'auto_rotate', true, 'extra', k.extra - 'successor',
    'key_rotation_at', %(now)s::timestamptz + replace(k.rotation_interval, 'mo', 'mon')::interval,
    'last_rotation_at', %(now)s::timestamptz, 'rotation_count', k.rotation_count + 1,
    'updated_at', %(now)s::timestamptz, 'updated_by', %(by)s::text))).*
FROM keys k WHERE k.hash = %(hash)s;

-- name: give_value
SELECT give_value_to_key(%(hash)s, %(new_hash)s);

-- name: follow_key
UPDATE jwt_key_mappings SET key_hash = %(new_hash)s WHERE key_hash = %(hash)s;

-- name: keep_deleted
INSERT INTO deleted_objects (kind, object_id, object, deleted_by)
SELECT 'key', hash, to_jsonb(k), %(by)s FROM keys k WHERE hash = %(hash)s;

-- name: delete_key
DELETE FROM keys WHERE hash = %(hash)s;

-- name: audit
INSERT INTO audit_log (actor, actor_role, action, resource, resource_id, after, organizations, team_id, key_hash)
SELECT %(by)s, 'system', 'key:rotate', 'key', %(new_hash)s::text,
       jsonb_build_object('alias', k.alias, 'name', k.name, 'in_place_of', %(hash)s::text,
                          'rotation_count', k.rotation_count, 'key_rotation_at', k.key_rotation_at),
       array_remove(ARRAY[k.organization_id, t.organization_id], NULL), k.team_id, k.hash
FROM keys k LEFT JOIN teams t ON t.team_id = k.team_id
WHERE k.hash = %(new_hash)s::text;

-- name: tell_gateways
WITH noted AS (
    INSERT INTO outbox (kind, object_id) SELECT 'key', unnest(%(hashes)s::text[]) RETURNING id
)
SELECT count(pg_notify('tianji_outbox', '')) FROM noted;
