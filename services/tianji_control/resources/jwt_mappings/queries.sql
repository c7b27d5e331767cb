-- part: mapping_columns
id, jwt_issuer, jwt_claim_name, jwt_claim_value, key_hash, description, is_active, created_at, created_by,
       updated_at, updated_by

-- name: mapping_by_id
SELECT <<mapping_columns>>
FROM jwt_key_mappings WHERE id = %(id)s;

-- name: mapping_for_update
SELECT <<mapping_columns>>
FROM jwt_key_mappings WHERE id = %(id)s FOR UPDATE;

-- name: mappings
SELECT <<mapping_columns>>
FROM jwt_key_mappings ORDER BY created_at DESC, id LIMIT %(limit)s OFFSET %(offset)s;

-- name: mapping_count
SELECT count(*) FROM jwt_key_mappings;

-- name: insert_mapping
INSERT INTO jwt_key_mappings (<<mapping_columns>>)
VALUES (%(id)s, %(jwt_issuer)s, %(jwt_claim_name)s, %(jwt_claim_value)s, %(key_hash)s, %(description)s,
        %(is_active)s, %(created_at)s, %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: update_mapping
UPDATE jwt_key_mappings
SET jwt_issuer = %(jwt_issuer)s, key_hash = %(key_hash)s, description = %(description)s,
    is_active = %(is_active)s, updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE id = %(id)s;

-- name: delete_mapping
DELETE FROM jwt_key_mappings WHERE id = %(id)s;

-- name: follow_key
UPDATE jwt_key_mappings SET key_hash = %(now)s WHERE key_hash = %(before)s;
