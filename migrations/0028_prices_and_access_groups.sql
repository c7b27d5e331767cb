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

-- Groups that grant models to teams and keys, which say in `extra` to which groups they belong.

CREATE TABLE unified_access_groups (
    access_group_id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text,
    models text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX teams_by_access_group ON teams USING gin ((extra -> 'access_group_ids'));
CREATE INDEX keys_by_access_group ON keys USING gin ((extra -> 'access_group_ids'));

-- What groups add to a list of models; one that is empty has all anyway.
CREATE FUNCTION granted_models(listed text[], said jsonb) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN listed = '{}' OR NOT said ? 'access_group_ids' THEN '{}'::text[] ELSE
        ARRAY(SELECT DISTINCT granted FROM unified_access_groups g, unnest(g.models) granted
              WHERE said -> 'access_group_ids' ? g.access_group_id AND NOT granted = ANY(listed)
              ORDER BY granted) END
$$;
