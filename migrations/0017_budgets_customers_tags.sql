-- Budgets with a name of their own, and what may be held to them: customers and tags.

CREATE TABLE budgets (
    budget_id text PRIMARY KEY,
    max_budget numeric,
    soft_budget numeric,
    max_parallel_requests integer,
    tpm_limit bigint,
    rpm_limit bigint,
    tpd_limit bigint,
    model_max_budget jsonb NOT NULL DEFAULT '{}',
    budget_duration text,
    budget_reset_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE TABLE customers (
    user_id text PRIMARY KEY,
    alias text,
    blocked boolean NOT NULL DEFAULT false,
    spend_adjustment numeric NOT NULL DEFAULT 0,
    allowed_model_region text,
    default_model text,
    models text[] NOT NULL DEFAULT '{}',
    budget_id text REFERENCES budgets ON DELETE SET NULL,
    extra jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX customers_by_budget ON customers (budget_id) WHERE budget_id IS NOT NULL;

CREATE TABLE tags (
    name text PRIMARY KEY,
    description text,
    models text[] NOT NULL DEFAULT '{}',
    model_info jsonb NOT NULL DEFAULT '{}',
    budget_id text REFERENCES budgets ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text
);

CREATE INDEX tags_by_budget ON tags (budget_id) WHERE budget_id IS NOT NULL;
