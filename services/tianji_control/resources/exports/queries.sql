-- name: charges
-- The cells of some days, the latest first, with what their owners are called now. What reached no provider is charged
-- by nobody, and FOCUS has no charge without one.
SELECT cell.day, cell.key_hash, key.alias AS key_alias, cell.user_id, person.email AS user_email, cell.team_id,
       team.alias AS team_alias, cell.organization_id, organization.alias AS organization_alias, cell.model,
       coalesce(nullif(cell.upstream_model, ''), cell.model) AS upstream_model, cell.provider, cell.call_type,
       cell.spend_usd, cell.requests, cell.successful_requests, cell.failed_requests, cell.input_tokens,
       cell.output_tokens, cell.cache_read_tokens, cell.cache_write_tokens
FROM spend_cells AS cell
LEFT JOIN keys AS key ON key.hash = cell.key_hash
LEFT JOIN users AS person ON person.user_id = cell.user_id
LEFT JOIN teams AS team ON team.team_id = cell.team_id
LEFT JOIN organizations AS organization ON organization.organization_id = cell.organization_id
WHERE cell.day BETWEEN %(since)s AND %(until)s AND (cell.provider <> '' OR cell.spend_usd > 0)
ORDER BY cell.day DESC, cell.key_hash, cell.user_id, cell.team_id, cell.model, cell.upstream_model, cell.provider,
         cell.call_type
LIMIT %(limit)s;

-- name: first_day
SELECT min(day) FROM spend_cells;

-- name: receiver
SELECT name, said FROM charge_receivers WHERE name = %(name)s;

-- name: put_receiver
INSERT INTO charge_receivers (name, said, updated_by) VALUES (%(name)s, %(said)s, %(by)s)
ON CONFLICT (name) DO UPDATE SET said = excluded.said, updated_by = excluded.updated_by, updated_at = now();

-- name: drop_receiver
DELETE FROM charge_receivers WHERE name = %(name)s;
