-- The price table that takes the place of the shipped one, and when it is loaded anew. One row each.

CREATE TABLE price_tables (
    id text PRIMARY KEY CHECK (id = 'global'),
    version text NOT NULL,
    source text NOT NULL,
    models integer NOT NULL,
    packed bytea NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    loaded_by text
);

CREATE TABLE price_schedules (
    id text PRIMARY KEY CHECK (id = 'global'),
    interval_hours integer NOT NULL CHECK (interval_hours > 0),
    last_run timestamptz
);

-- Groups that grant models to teams and keys, by their names.

CREATE TABLE unified_access_groups (
    access_group_id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text,
    models text[] NOT NULL DEFAULT '{}',
    teams text[] NOT NULL DEFAULT '{}',
    keys text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX unified_access_groups_by_team ON unified_access_groups USING gin (teams);
CREATE INDEX unified_access_groups_by_key ON unified_access_groups USING gin (keys);
