-- Who belongs to which organization, and what an organization may spend beside its budget.

ALTER TABLE organizations
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,
    ADD COLUMN budget_id text,
    ADD COLUMN soft_budget numeric,
    ADD COLUMN tpd_limit bigint,
    ADD COLUMN max_parallel_requests integer,
    ADD COLUMN model_max_budget jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN extra jsonb NOT NULL DEFAULT '{}';

CREATE TABLE organization_members (
    organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL,
    max_budget numeric,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
);

CREATE INDEX organization_members_by_user ON organization_members (user_id);
