-- name: tags
SELECT name, description, models, model_info, budget_id, created_at, created_by, updated_at, updated_by
FROM tags WHERE (%(names)s::text[] IS NULL OR name = ANY(%(names)s)) ORDER BY name;

-- name: tag_for_update
SELECT name, description, models, model_info, budget_id, created_at, created_by, updated_at, updated_by
FROM tags WHERE name = %(name)s FOR UPDATE;

-- name: used_tags
-- Tags that requests have carried and that nobody has described.
SELECT scope_id AS name, updated_at FROM spend_totals
WHERE scope = 'tag' AND NOT EXISTS (SELECT FROM tags WHERE tags.name = scope_id)
ORDER BY scope_id LIMIT %(limit)s;

-- name: insert_tag
INSERT INTO tags (name, description, models, model_info, budget_id, created_at, created_by, updated_at, updated_by)
VALUES (%(name)s, %(description)s, %(models)s, %(model_info)s, %(budget_id)s, %(created_at)s, %(created_by)s,
        %(updated_at)s, %(updated_by)s);

-- name: update_tag
UPDATE tags
SET description = %(description)s, models = %(models)s, model_info = %(model_info)s, budget_id = %(budget_id)s,
    updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE name = %(name)s;

-- name: delete_tag
DELETE FROM tags WHERE name = %(name)s;

-- name: spend_of_tags
SELECT scope_id, spend_usd FROM spend_totals WHERE scope = 'tag' AND scope_id = ANY(%(names)s);
