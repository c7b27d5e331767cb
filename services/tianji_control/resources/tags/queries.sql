-- part: tag_columns
name, description, models, model_info, budget_id, created_at, created_by, updated_at, updated_by

-- name: tags
SELECT <<tag_columns>>
FROM tags WHERE (%(names)s::text[] IS NULL OR name = ANY(%(names)s)) ORDER BY name;

-- name: tag_for_update
SELECT <<tag_columns>>
FROM tags WHERE name = %(name)s FOR UPDATE;

-- name: used_tags
-- Tags that requests have carried and that nobody has described.
SELECT scope_id AS name, updated_at FROM spend_totals
WHERE scope = 'tag' AND NOT EXISTS (SELECT FROM tags WHERE tags.name = scope_id)
ORDER BY scope_id LIMIT %(limit)s;

-- name: insert_tag
INSERT INTO tags (<<tag_columns>>)
SELECT <<tag_columns>> FROM jsonb_populate_record(NULL::tags, %(row)s);

-- name: update_tag
UPDATE tags
SET (<<tag_columns>>) = (SELECT <<tag_columns>> FROM jsonb_populate_record(NULL::tags, %(row)s))
WHERE name = %(row)s::jsonb ->> 'name';

-- name: delete_tag
DELETE FROM tags WHERE name = %(name)s;
