-- name: teams_by_id
SELECT team_id, alias, organization_id, models, aliases, blocked, max_budget, soft_budget, budget_duration,
       budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, metadata, extra,
       created_at, created_by, updated_at, updated_by
FROM teams WHERE team_id = ANY(%(ids)s) ORDER BY alias, team_id;

-- name: insert_team
INSERT INTO teams (team_id, alias, organization_id, models, aliases, blocked, max_budget, soft_budget,
                   budget_duration, budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests,
                   metadata, extra, created_at, created_by, updated_at, updated_by)
VALUES (%(team_id)s, %(alias)s, %(organization_id)s, %(models)s, %(aliases)s, %(blocked)s, %(max_budget)s,
        %(soft_budget)s, %(budget_duration)s, %(budget_reset_at)s, %(tpm_limit)s, %(rpm_limit)s, %(tpd_limit)s,
        %(max_parallel_requests)s, %(metadata)s, %(extra)s, %(created_at)s, %(created_by)s, %(updated_at)s,
        %(updated_by)s);

-- name: add_member
INSERT INTO team_members (team_id, user_id, role, created_at)
VALUES (%(team_id)s, %(user_id)s, %(role)s, clock_timestamp())
ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role;

-- name: members
SELECT m.user_id, u.email AS user_email, m.role
FROM team_members m JOIN users u ON u.user_id = m.user_id
WHERE m.team_id = %(team_id)s ORDER BY m.created_at, m.user_id;

-- name: teams_of_user
SELECT team_id FROM team_members WHERE user_id = %(user_id)s ORDER BY created_at, team_id;

-- name: keys_of_team
SELECT hash FROM keys WHERE team_id = %(team_id)s ORDER BY created_at DESC, hash LIMIT %(limit)s;

-- name: spend_of_team
SELECT spend_usd FROM spend_totals WHERE scope = 'team' AND scope_id = %(team_id)s;
