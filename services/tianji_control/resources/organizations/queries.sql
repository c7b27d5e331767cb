-- part: organization_columns
organization_id, alias, models, blocked, budget_id, max_budget, soft_budget, budget_duration,
       budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, model_max_budget, metadata,
       extra, created_at, created_by, updated_at, updated_by

-- name: organizations_by_id
SELECT <<organization_columns>>
FROM organizations WHERE organization_id = ANY(%(ids)s) ORDER BY alias, organization_id;

-- name: organization_for_update
SELECT <<organization_columns>>
FROM organizations WHERE organization_id = %(id)s FOR UPDATE;

-- name: organization_list
SELECT <<organization_columns>>
FROM organizations
WHERE (%(organization_id)s::text IS NULL OR organization_id = %(organization_id)s)
  AND (%(alias)s::text IS NULL OR alias ILIKE %(alias)s)
  AND (%(sees_all)s OR organization_id = ANY(%(organizations)s))
ORDER BY alias, organization_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: insert_organization
INSERT INTO organizations (<<organization_columns>>)
SELECT <<organization_columns>> FROM jsonb_populate_record(NULL::organizations, %(row)s);

-- name: update_organization
UPDATE organizations
SET (<<organization_columns>>) = (SELECT <<organization_columns>> FROM jsonb_populate_record(NULL::organizations, %(row)s))
WHERE organization_id = %(row)s::jsonb ->> 'organization_id';

-- name: delete_organization
DELETE FROM organizations WHERE organization_id = %(id)s;

-- name: members_of_organizations
SELECT m.organization_id, m.user_id, u.email AS user_email, m.role, m.budget_id, m.created_at, m.updated_at
FROM organization_members m JOIN users u ON u.user_id = m.user_id
WHERE m.organization_id = ANY(%(ids)s) ORDER BY m.created_at, m.user_id;

-- name: member_for_update
SELECT m.organization_id, m.user_id, u.email AS user_email, m.role, m.budget_id, m.created_at, m.updated_at
FROM organization_members m JOIN users u ON u.user_id = m.user_id
WHERE m.organization_id = %(organization_id)s AND m.user_id = %(user_id)s FOR UPDATE OF m;

-- name: save_member
INSERT INTO organization_members (organization_id, user_id, role, budget_id, created_at, updated_at)
VALUES (%(organization_id)s, %(user_id)s, %(role)s, %(budget_id)s, %(created_at)s, %(updated_at)s)
ON CONFLICT (organization_id, user_id) DO UPDATE
SET role = excluded.role, budget_id = excluded.budget_id, updated_at = excluded.updated_at;

-- name: remove_member
DELETE FROM organization_members WHERE organization_id = %(organization_id)s AND user_id = %(user_id)s;

-- name: memberships_of_user
SELECT organization_id, role FROM organization_members WHERE user_id = %(user_id)s ORDER BY organization_id;

-- name: keys_of_organization
SELECT hash FROM keys WHERE organization_id = %(id)s ORDER BY hash;
