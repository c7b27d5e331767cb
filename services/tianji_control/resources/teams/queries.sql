-- part: team_columns
team_id, alias, organization_id, models, aliases, blocked, max_budget, soft_budget, budget_duration,
       budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, metadata, extra,
       created_at, created_by, updated_at, updated_by

-- part: member_columns
m.team_id, m.user_id, u.email AS user_email, m.role, m.max_budget, m.budget_duration, m.tpm_limit,
       m.rpm_limit, m.models, m.extra

-- part: team_filters
(%(user_id)s::text IS NULL OR EXISTS
           (SELECT FROM team_members m WHERE m.team_id = teams.team_id AND m.user_id = %(user_id)s))
  AND (%(organization_id)s::text IS NULL OR organization_id = %(organization_id)s)
  AND (%(team_id)s::text IS NULL OR team_id = %(team_id)s)
  AND (%(team_id_part)s::text IS NULL OR team_id ILIKE %(team_id_part)s)
  AND (%(team_alias)s::text IS NULL OR alias ILIKE %(team_alias)s)
  AND (%(search)s::text IS NULL OR team_id = %(search)s OR alias ILIKE %(search_part)s
       OR (%(prefix)s AND starts_with(team_id, %(search)s)))
  AND (%(sees_all)s OR team_id = ANY(%(teams)s) OR organization_id = ANY(%(organizations)s))

-- name: teams_by_id
SELECT <<team_columns>>
FROM teams WHERE team_id = ANY(%(ids)s) ORDER BY alias, team_id;

-- name: insert_team
INSERT INTO teams (<<team_columns>>)
SELECT <<team_columns>> FROM jsonb_populate_record(NULL::teams, %(row)s);

-- name: teams_for_update
SELECT <<team_columns>>
FROM teams WHERE team_id = ANY(%(ids)s) ORDER BY team_id FOR UPDATE;

-- name: team_for_share
SELECT <<team_columns>>
FROM teams WHERE team_id = %(id)s FOR SHARE;

-- name: teams_of_organization
SELECT <<team_columns>>
FROM teams WHERE organization_id = %(organization_id)s ORDER BY team_id FOR UPDATE;

-- name: teams_of_organizations
SELECT <<team_columns>>
FROM teams WHERE organization_id = ANY(%(ids)s) ORDER BY alias, team_id;

-- name: update_teams
UPDATE teams
SET (<<team_columns>>) = (SELECT <<team_columns>> FROM jsonb_populate_record(NULL::teams, new.row))
FROM jsonb_array_elements(%(rows)s) AS new (row)
WHERE team_id = new.row ->> 'team_id';

-- name: delete_team
DELETE FROM teams WHERE team_id = %(id)s;

-- name: all_team_ids
SELECT team_id FROM teams ORDER BY team_id;

-- name: team_page_{column}_{direction}
-- each: column = alias created_at updated_at max_budget organization_id spend; direction = ASC DESC
SELECT <<team_columns>>
FROM teams LEFT JOIN (
    SELECT scope_id, spend_usd AS spend FROM spend_totals WHERE scope = 'team') spent ON scope_id = team_id
WHERE <<team_filters>>
ORDER BY {column} {direction} NULLS LAST, team_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: team_count
SELECT count(*) FROM teams
WHERE <<team_filters>>;

-- name: save_members
-- They came in the order of the rows.
INSERT INTO team_members (team_id, user_id, role, max_budget, budget_duration, tpm_limit, rpm_limit, models,
                          extra, created_at)
SELECT one.team_id, one.user_id, one.role, one.max_budget, one.budget_duration, one.tpm_limit, one.rpm_limit,
       one.models, one.extra, clock_timestamp() + new.n * interval '1 microsecond'
FROM jsonb_array_elements(%(rows)s) WITH ORDINALITY AS new (row, n),
     jsonb_populate_record(NULL::team_members, new.row) AS one
ON CONFLICT (team_id, user_id) DO UPDATE
SET role = excluded.role, max_budget = excluded.max_budget, budget_duration = excluded.budget_duration,
    tpm_limit = excluded.tpm_limit, rpm_limit = excluded.rpm_limit, models = excluded.models,
    extra = excluded.extra, updated_at = now();

-- name: keys_of_members
SELECT hash FROM keys WHERE team_id = %(team_id)s AND user_id = ANY(%(user_ids)s) ORDER BY hash;

-- name: members_for_update
SELECT <<member_columns>>
FROM team_members m JOIN users u ON u.user_id = m.user_id
WHERE m.team_id = %(team_id)s AND m.user_id = ANY(%(user_ids)s) ORDER BY m.user_id FOR UPDATE OF m;

-- name: remove_member
DELETE FROM team_members WHERE team_id = %(team_id)s AND user_id = %(user_id)s;

-- name: members_of_teams
SELECT <<member_columns>>
FROM team_members m JOIN users u ON u.user_id = m.user_id
WHERE m.team_id = ANY(%(team_ids)s) ORDER BY m.created_at, m.user_id;

-- name: teams_of_user
SELECT team_id FROM team_members WHERE user_id = %(user_id)s ORDER BY created_at, team_id;
