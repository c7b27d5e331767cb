-- What a member of a team may use of it.

ALTER TABLE team_members
    ADD COLUMN max_budget numeric,
    ADD COLUMN budget_duration text,
    ADD COLUMN tpm_limit bigint,
    ADD COLUMN rpm_limit bigint,
    ADD COLUMN models text[] NOT NULL DEFAULT '{}',
    ADD COLUMN extra jsonb NOT NULL DEFAULT '{}';
