DROP INDEX organizations_by_budget;
DROP INDEX keys_by_end_user_budget;
DROP INDEX keys_by_budget;
ALTER TABLE team_members DROP COLUMN updated_at;
