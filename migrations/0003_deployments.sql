-- Deployments. `params` holds no secret: those are in `secrets`, encrypted.

CREATE TABLE deployments (
    id text PRIMARY KEY,
    model_name text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    params jsonb NOT NULL DEFAULT '{}',
    secrets jsonb NOT NULL DEFAULT '{}',
    info jsonb NOT NULL DEFAULT '{}',
    team_id text,
    source text NOT NULL DEFAULT 'api' CHECK (source IN ('file', 'api')),
    blocked boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX deployments_by_model_name ON deployments (model_name);
CREATE INDEX deployments_by_source ON deployments (source);
