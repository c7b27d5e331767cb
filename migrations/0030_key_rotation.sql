-- Keys that get a new value by themselves, and from where a key may be used.

ALTER TABLE keys
    ADD COLUMN allowed_ips text[] NOT NULL DEFAULT '{}',
    ADD COLUMN auto_rotate boolean NOT NULL DEFAULT false,
    ADD COLUMN rotation_interval text,
    ADD COLUMN key_rotation_at timestamptz,
    ADD COLUMN last_rotation_at timestamptz,
    ADD COLUMN rotation_count integer NOT NULL DEFAULT 0;

UPDATE keys
SET auto_rotate = coalesce((extra ->> 'auto_rotate')::boolean, false),
    rotation_interval = extra ->> 'rotation_interval',
    extra = extra - 'auto_rotate' - 'rotation_interval'
WHERE extra ?| '{auto_rotate,rotation_interval}';

CREATE INDEX keys_by_rotation ON keys (key_rotation_at) WHERE auto_rotate;
