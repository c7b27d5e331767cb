-- part: project_columns
project_id, alias, description, team_id, models, blocked, budget_id, metadata, extra, created_at, created_by,
       updated_at, updated_by

-- name: projects_by_id
SELECT <<project_columns>>
FROM projects WHERE project_id = ANY(%(ids)s) ORDER BY project_id;

-- name: project_for_update
SELECT <<project_columns>>
FROM projects WHERE project_id = %(id)s FOR UPDATE;

-- name: project_for_share
SELECT <<project_columns>>
FROM projects WHERE project_id = %(id)s FOR SHARE;

-- name: projects_of_team
SELECT <<project_columns>>
FROM projects WHERE team_id = %(team_id)s ORDER BY project_id FOR UPDATE;

-- name: projects
SELECT p.project_id, p.alias, p.description, p.team_id, p.models, p.blocked, p.budget_id, p.metadata, p.extra,
       p.created_at, p.created_by, p.updated_at, p.updated_by
FROM projects p JOIN teams t ON t.team_id = p.team_id
WHERE %(sees_all)s OR p.team_id = ANY(%(teams)s) OR t.organization_id = ANY(%(organizations)s)
ORDER BY p.created_at DESC, p.project_id
LIMIT %(limit)s;

-- name: insert_project
INSERT INTO projects (<<project_columns>>)
SELECT <<project_columns>> FROM jsonb_populate_record(NULL::projects, %(row)s);

-- name: update_project
UPDATE projects
SET (<<project_columns>>) = (SELECT <<project_columns>> FROM jsonb_populate_record(NULL::projects, %(row)s))
WHERE project_id = %(row)s::jsonb ->> 'project_id';

-- name: delete_project
DELETE FROM projects WHERE project_id = %(id)s;

-- name: keys_of_project
SELECT count(*) FROM keys WHERE project_id = %(id)s;
