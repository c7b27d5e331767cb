-- name: from_file
SELECT router, calls, general, environment FROM settings WHERE id = 'global';

-- name: from_file_for_update
SELECT router, calls, general, environment FROM settings WHERE id = 'global' FOR UPDATE;

-- name: in_force
SELECT router, calls, general, environment FROM settings_in_force WHERE id = 'global';

-- name: fields
SELECT section, name, value, secret FROM settings_fields ORDER BY section, name;

-- name: save_field
INSERT INTO settings_fields (section, name, value, secret, updated_by)
VALUES (%(section)s, %(name)s, %(value)s, %(secret)s, %(updated_by)s)
ON CONFLICT (section, name) DO UPDATE
SET value = excluded.value, secret = excluded.secret, updated_by = excluded.updated_by, updated_at = now();

-- name: delete_field
DELETE FROM settings_fields WHERE section = %(section)s AND name = %(name)s;
