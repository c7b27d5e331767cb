-- name: organizations_by_id
SELECT organization_id, alias, models, blocked, budget_id, max_budget, soft_budget, budget_duration,
       budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, model_max_budget, metadata,
       extra, created_at, created_by, updated_at, updated_by
FROM organizations WHERE organization_id = ANY(%(ids)s) ORDER BY alias, organization_id;

-- name: organization_for_update
SELECT organization_id, alias, models, blocked, budget_id, max_budget, soft_budget, budget_duration,
       budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, model_max_budget, metadata,
       extra, created_at, created_by, updated_at, updated_by
FROM organizations WHERE organization_id = %(id)s FOR UPDATE;

-- name: organization_list
SELECT organization_id, alias, models, blocked, budget_id, max_budget, soft_budget, budget_duration,
       budget_reset_at, tpm_limit, rpm_limit, tpd_limit, max_parallel_requests, model_max_budget, metadata,
       extra, created_at, created_by, updated_at, updated_by
FROM organizations
WHERE (%(organization_id)s::text IS NULL OR organization_id = %(organization_id)s)
  AND (%(alias)s::text IS NULL OR alias ILIKE %(alias)s)
  AND (%(sees_all)s OR organization_id = ANY(%(organizations)s))
ORDER BY alias, organization_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: insert_organization
INSERT INTO organizations (organization_id, alias, models, blocked, budget_id, max_budget, soft_budget,
                           budget_duration, budget_reset_at, tpm_limit, rpm_limit, tpd_limit,
                           max_parallel_requests, model_max_budget, metadata, extra, created_at, created_by,
                           updated_at, updated_by)
VALUES (%(organization_id)s, %(alias)s, %(models)s, %(blocked)s, %(budget_id)s, %(max_budget)s,
        %(soft_budget)s, %(budget_duration)s, %(budget_reset_at)s, %(tpm_limit)s, %(rpm_limit)s, %(tpd_limit)s,
        %(max_parallel_requests)s, %(model_max_budget)s, %(metadata)s, %(extra)s, %(created_at)s,
        %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: update_organization
UPDATE organizations
SET alias = %(alias)s, models = %(models)s, blocked = %(blocked)s, budget_id = %(budget_id)s, max_budget =
    %(max_budget)s, soft_budget = %(soft_budget)s, budget_duration = %(budget_duration)s, budget_reset_at =
    %(budget_reset_at)s, tpm_limit = %(tpm_limit)s, rpm_limit = %(rpm_limit)s, tpd_limit = %(tpd_limit)s,
    max_parallel_requests = %(max_parallel_requests)s, model_max_budget = %(model_max_budget)s, metadata =
    %(metadata)s, extra = %(extra)s, updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE organization_id = %(organization_id)s;

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

-- name: spend_of_organizations
SELECT scope_id, spend_usd FROM spend_totals WHERE scope = 'organization' AND scope_id = ANY(%(ids)s);
