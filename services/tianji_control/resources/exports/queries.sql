-- name: charges
-- One day's cells, with what their owners are called now.
SELECT cell.key_hash, key.alias AS key_alias, cell.user_id, person.email AS user_email, cell.team_id,
       team.alias AS team_alias, cell.organization_id, organization.alias AS organization_alias, cell.model,
       coalesce(nullif(cell.upstream_model, ''), cell.model) AS upstream_model, cell.provider, cell.call_type,
       cell.spend_usd, cell.requests, cell.input_tokens, cell.output_tokens, cell.cache_read_tokens,
       cell.cache_write_tokens
FROM spend_cells AS cell
LEFT JOIN keys AS key ON key.hash = cell.key_hash
LEFT JOIN users AS person ON person.user_id = cell.user_id
LEFT JOIN teams AS team ON team.team_id = cell.team_id
LEFT JOIN organizations AS organization ON organization.organization_id = cell.organization_id
WHERE cell.day = %(day)s
ORDER BY cell.key_hash, cell.user_id, cell.team_id, cell.model, cell.upstream_model, cell.provider, cell.call_type;
