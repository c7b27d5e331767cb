-- When what a member of a team may use was last set, and who is held to a budget with a name.

ALTER TABLE team_members ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

CREATE INDEX keys_by_budget ON keys (budget_id) WHERE budget_id IS NOT NULL;
CREATE INDEX keys_by_end_user_budget ON keys ((extra->>'end_user_budget_id'))
    WHERE extra->>'end_user_budget_id' IS NOT NULL;
CREATE INDEX organizations_by_budget ON organizations (budget_id) WHERE budget_id IS NOT NULL;
