DROP FUNCTION organization_member_terms;

ALTER TABLE organization_members ADD COLUMN max_budget numeric;

UPDATE organization_members AS member SET max_budget = held.max_budget
FROM budgets AS held WHERE held.budget_id = member.budget_id;

ALTER TABLE organization_members DROP COLUMN budget_id;

DELETE FROM spend_totals WHERE scope IN ('project', 'deployment', 'organization_member');
DELETE FROM spend_daily WHERE scope IN ('project', 'deployment');
ALTER TABLE spend_logs DROP COLUMN project_id;
