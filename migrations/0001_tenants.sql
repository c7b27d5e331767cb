-- Organizations, teams, users and who belongs to which team.

CREATE TABLE organizations (
    organization_id text PRIMARY KEY,
    alias text,
    models text[] NOT NULL DEFAULT '{}',
    max_budget numeric,
    budget_duration text,
    budget_reset_at timestamptz,
    tpm_limit bigint,
    rpm_limit bigint,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE TABLE teams (
    team_id text PRIMARY KEY,
    alias text,
    organization_id text REFERENCES organizations,
    models text[] NOT NULL DEFAULT '{}',
    aliases jsonb NOT NULL DEFAULT '{}',
    blocked boolean NOT NULL DEFAULT false,
    max_budget numeric,
    soft_budget numeric,
    budget_duration text,
    budget_reset_at timestamptz,
    tpm_limit bigint,
    rpm_limit bigint,
    tpd_limit bigint,
    max_parallel_requests integer,
    metadata jsonb NOT NULL DEFAULT '{}',
    extra jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX teams_by_organization ON teams (organization_id) WHERE organization_id IS NOT NULL;

CREATE TABLE users (
    user_id text PRIMARY KEY,
    alias text,
    email text,
    sso_user_id text,
    role text NOT NULL DEFAULT 'internal_user',
    models text[] NOT NULL DEFAULT '{}',
    blocked boolean NOT NULL DEFAULT false,
    max_budget numeric,
    budget_duration text,
    budget_reset_at timestamptz,
    tpm_limit bigint,
    rpm_limit bigint,
    max_parallel_requests integer,
    metadata jsonb NOT NULL DEFAULT '{}',
    extra jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE UNIQUE INDEX users_by_email ON users (lower(email)) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_by_sso_user_id ON users (sso_user_id) WHERE sso_user_id IS NOT NULL;

CREATE TABLE team_members (
    team_id text NOT NULL REFERENCES teams ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'user')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (team_id, user_id)
);

CREATE INDEX team_members_by_user ON team_members (user_id);
