-- Virtual keys. Only their hashes are stored. Users and teams are not foreign keys: a key may
-- name one that is not known here.

CREATE TABLE keys (
    hash text PRIMARY KEY,
    name text NOT NULL,
    alias text,
    user_id text,
    team_id text,
    organization_id text REFERENCES organizations,
    project_id text,
    agent_id text,
    budget_id text,
    key_type text,
    models text[] NOT NULL DEFAULT '{}',
    aliases jsonb NOT NULL DEFAULT '{}',
    config jsonb NOT NULL DEFAULT '{}',
    permissions jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    allowed_routes text[] NOT NULL DEFAULT '{}',
    allowed_cache_controls text[] NOT NULL DEFAULT '{}',
    blocked boolean NOT NULL DEFAULT false,
    expires timestamptz,
    max_budget numeric,
    soft_budget numeric,
    budget_duration text,
    budget_reset_at timestamptz,
    model_max_budget jsonb NOT NULL DEFAULT '{}',
    spend_adjustment numeric NOT NULL DEFAULT 0,
    tpm_limit bigint,
    rpm_limit bigint,
    tpd_limit bigint,
    max_parallel_requests integer,
    extra jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE UNIQUE INDEX keys_by_alias ON keys (alias) WHERE alias IS NOT NULL;
CREATE INDEX keys_by_user ON keys (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX keys_by_team ON keys (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX keys_by_organization ON keys (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX keys_by_age ON keys (created_at, hash);
CREATE INDEX keys_by_budget_reset ON keys (budget_reset_at) WHERE budget_reset_at IS NOT NULL;
