-- name: hash_of
SELECT hash FROM passwords WHERE user_id = %(user_id)s;

-- name: save
INSERT INTO passwords (user_id, hash) VALUES (%(user_id)s, %(hash)s)
ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, updated_at = now();
