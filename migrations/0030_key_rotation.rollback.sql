UPDATE keys
SET extra = extra || jsonb_build_object('auto_rotate', auto_rotate, 'rotation_interval', rotation_interval)
WHERE auto_rotate OR rotation_interval IS NOT NULL;

ALTER TABLE keys
    DROP COLUMN allowed_ips,
    DROP COLUMN auto_rotate,
    DROP COLUMN rotation_interval,
    DROP COLUMN key_rotation_at,
    DROP COLUMN last_rotation_at,
    DROP COLUMN rotation_count;
