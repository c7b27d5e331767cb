-- name: audit
INSERT INTO audit_log (actor, actor_role, actor_key_hash, action, resource, resource_id, before, after)
VALUES (%(actor)s, %(actor_role)s, %(actor_key_hash)s, %(action)s, %(resource)s, %(resource_id)s,
        %(before)s, %(after)s);
