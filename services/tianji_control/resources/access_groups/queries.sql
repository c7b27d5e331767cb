-- name: groups
SELECT access_group_id, name, description, models, created_at, created_by, updated_at, updated_by
FROM unified_access_groups ORDER BY name;

-- name: group_for_update
SELECT access_group_id, name, description, models, created_at, created_by, updated_at, updated_by
FROM unified_access_groups WHERE access_group_id = %(id)s FOR UPDATE;

-- name: group_by_id
SELECT access_group_id, name, description, models, created_at, created_by, updated_at, updated_by
FROM unified_access_groups WHERE access_group_id = %(id)s;

-- name: name_taken
SELECT EXISTS (SELECT FROM unified_access_groups WHERE name = %(name)s AND access_group_id <> %(id)s);

-- name: save_group
INSERT INTO unified_access_groups (access_group_id, name, description, models, created_by, updated_by)
VALUES (%(access_group_id)s, %(name)s, %(description)s, %(models)s, %(created_by)s, %(updated_by)s)
ON CONFLICT (access_group_id) DO UPDATE
SET name = excluded.name, description = excluded.description, models = excluded.models,
    updated_by = excluded.updated_by, updated_at = now();

-- name: delete_group
DELETE FROM unified_access_groups WHERE access_group_id = %(id)s;

-- name: holding_teams
SELECT team_id AS id, alias AS name FROM teams WHERE extra -> 'access_group_ids' ? %(id)s ORDER BY team_id;

-- name: holding_keys
SELECT hash AS id, alias AS name FROM keys WHERE extra -> 'access_group_ids' ? %(id)s ORDER BY hash;

-- name: known_teams
SELECT team_id AS id FROM teams WHERE team_id = ANY(%(ids)s);

-- name: known_keys
SELECT hash AS id FROM keys WHERE hash = ANY(%(ids)s);

-- name: give_teams
UPDATE teams SET extra = extra || jsonb_build_object('access_group_ids',
    coalesce(extra -> 'access_group_ids', '[]') || to_jsonb(%(id)s::text)), updated_at = now()
WHERE team_id = ANY(%(ids)s);

-- name: give_keys
UPDATE keys SET extra = extra || jsonb_build_object('access_group_ids',
    coalesce(extra -> 'access_group_ids', '[]') || to_jsonb(%(id)s::text)), updated_at = now()
WHERE hash = ANY(%(ids)s);

-- name: take_teams
UPDATE teams SET extra = extra || jsonb_build_object('access_group_ids', (extra -> 'access_group_ids') - %(id)s),
    updated_at = now()
WHERE team_id = ANY(%(ids)s);

-- name: take_keys
UPDATE keys SET extra = extra || jsonb_build_object('access_group_ids', (extra -> 'access_group_ids') - %(id)s),
    updated_at = now()
WHERE hash = ANY(%(ids)s);
