-- Fleet-wide settings: one row, id `global`.

CREATE TABLE settings (
    id text PRIMARY KEY,
    router jsonb NOT NULL DEFAULT '{}',
    calls jsonb NOT NULL DEFAULT '{}',
    general jsonb NOT NULL DEFAULT '{}',
    master_key_hash text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
