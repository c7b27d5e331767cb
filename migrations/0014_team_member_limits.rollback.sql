ALTER TABLE team_members
    DROP COLUMN max_budget,
    DROP COLUMN budget_duration,
    DROP COLUMN tpm_limit,
    DROP COLUMN rpm_limit,
    DROP COLUMN models,
    DROP COLUMN extra;
