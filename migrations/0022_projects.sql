-- Projects: a level between a team and its keys. And which JWTs stand for which key.

CREATE TABLE projects (
    project_id text PRIMARY KEY,
    alias text,
    description text,
    team_id text NOT NULL REFERENCES teams,
    models text[] NOT NULL DEFAULT '{}',
    blocked boolean NOT NULL DEFAULT false,
    budget_id text REFERENCES budgets ON DELETE SET NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    extra jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX projects_by_team ON projects (team_id);
CREATE INDEX projects_by_budget ON projects (budget_id) WHERE budget_id IS NOT NULL;
CREATE INDEX keys_by_project ON keys (project_id) WHERE project_id IS NOT NULL;

CREATE TABLE jwt_key_mappings (
    id text PRIMARY KEY,
    jwt_issuer text NOT NULL DEFAULT '',
    jwt_claim_name text NOT NULL,
    jwt_claim_value text NOT NULL,
    key_hash text NOT NULL REFERENCES keys ON DELETE CASCADE,
    description text,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text,
    UNIQUE (jwt_issuer, jwt_claim_name, jwt_claim_value)
);

CREATE INDEX jwt_key_mappings_by_key ON jwt_key_mappings (key_hash);
