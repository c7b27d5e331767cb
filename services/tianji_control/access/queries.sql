-- name: caller_by_hash
SELECT k.hash, k.user_id, k.team_id, k.blocked, k.expires, u.role, coalesce(u.blocked, false) AS user_blocked,
       k.allowed_routes, k.models, coalesce(t.models, '{}') AS team_models,
       coalesce(t.blocked, false) AS team_blocked,
       coalesce(array_agg(m.team_id) FILTER (WHERE m.team_id IS NOT NULL), '{}') AS member_of,
       coalesce(array_agg(m.team_id) FILTER (WHERE m.role = 'admin'), '{}') AS admin_of
FROM keys k
LEFT JOIN users u ON u.user_id = k.user_id
LEFT JOIN teams t ON t.team_id = k.team_id
LEFT JOIN team_members m ON m.user_id = k.user_id
WHERE k.hash = %(hash)s
GROUP BY k.hash, u.user_id, t.team_id;
