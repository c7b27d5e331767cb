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
INSERT INTO projects (project_id, alias, description, team_id, models, blocked, budget_id, metadata, extra,
                      created_at, created_by, updated_at, updated_by)
VALUES (%(project_id)s, %(alias)s, %(description)s, %(team_id)s, %(models)s, %(blocked)s, %(budget_id)s,
        %(metadata)s, %(extra)s, %(created_at)s, %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: update_project
UPDATE projects
SET alias = %(alias)s, description = %(description)s, team_id = %(team_id)s, models = %(models)s,
    blocked = %(blocked)s, budget_id = %(budget_id)s, metadata = %(metadata)s, extra = %(extra)s,
    updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE project_id = %(project_id)s;

-- name: delete_project
DELETE FROM projects WHERE project_id = %(id)s;

-- name: keys_of_project
SELECT count(*) FROM keys WHERE project_id = %(id)s;

-- name: spend_of_projects
SELECT scope_id, spend_usd FROM spend_totals WHERE scope = 'project' AND scope_id = ANY(%(ids)s);
