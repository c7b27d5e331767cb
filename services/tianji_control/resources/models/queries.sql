-- name: deployment_by_id
SELECT id, model_name, provider, model, params, secrets, info, team_id, source, blocked,
       created_by, updated_by, created_at, updated_at
FROM deployments WHERE id = %(id)s;

-- name: deployment_for_update
SELECT id, model_name, provider, model, params, secrets, info, team_id, source, blocked,
       created_by, updated_by, created_at, updated_at
FROM deployments WHERE id = %(id)s FOR UPDATE;

-- name: deployments
SELECT id, model_name, provider, model, params, secrets, info, team_id, source, blocked,
       created_by, updated_by, created_at, updated_at
FROM deployments ORDER BY model_name, created_at, id;

-- name: deployments_from_file
SELECT id, model_name, provider, model, params, secrets, info, team_id, source, blocked,
       created_by, updated_by, created_at, updated_at
FROM deployments WHERE source = 'file' ORDER BY id FOR UPDATE;

-- name: ids_from_api
SELECT id FROM deployments WHERE source = 'api' AND id = ANY(%(ids)s);

-- name: save_deployment
INSERT INTO deployments (id, model_name, provider, model, params, secrets, info, team_id, source, blocked,
                         created_by, updated_by, created_at)
VALUES (%(id)s, %(model_name)s, %(provider)s, %(model)s, %(params)s, %(secrets)s, %(info)s, %(team_id)s,
        %(source)s, %(blocked)s, %(created_by)s, %(updated_by)s,
        clock_timestamp())  -- not the transaction's time: models of one file keep their order
ON CONFLICT (id) DO UPDATE
SET model_name = excluded.model_name, provider = excluded.provider, model = excluded.model,
    params = excluded.params, secrets = excluded.secrets, info = excluded.info, team_id = excluded.team_id,
    source = excluded.source, blocked = excluded.blocked, updated_by = excluded.updated_by, updated_at = now();

-- name: delete_deployment
DELETE FROM deployments WHERE id = %(id)s;
