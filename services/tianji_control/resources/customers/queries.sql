-- name: customers_by_id
SELECT user_id, alias, blocked, spend_adjustment, allowed_model_region, default_model, models, budget_id, extra,
       created_at, created_by, updated_at, updated_by
FROM customers WHERE user_id = ANY(%(ids)s) ORDER BY user_id;

-- name: customer_for_update
SELECT user_id, alias, blocked, spend_adjustment, allowed_model_region, default_model, models, budget_id, extra,
       created_at, created_by, updated_at, updated_by
FROM customers WHERE user_id = %(id)s FOR UPDATE;

-- name: customer_page
SELECT user_id, alias, blocked, spend_adjustment, allowed_model_region, default_model, models, budget_id, extra,
       created_at, created_by, updated_at, updated_by
FROM customers
WHERE (%(search)s::text IS NULL OR user_id ILIKE %(search)s OR alias ILIKE %(search)s)
ORDER BY created_at DESC, user_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: insert_customer
INSERT INTO customers (user_id, alias, blocked, spend_adjustment, allowed_model_region, default_model, models,
                       budget_id, extra, created_at, created_by, updated_at, updated_by)
VALUES (%(user_id)s, %(alias)s, %(blocked)s, %(spend_adjustment)s, %(allowed_model_region)s, %(default_model)s,
        %(models)s, %(budget_id)s, %(extra)s, %(created_at)s, %(created_by)s, %(updated_at)s, %(updated_by)s);

-- name: update_customer
UPDATE customers
SET alias = %(alias)s, blocked = %(blocked)s, spend_adjustment = %(spend_adjustment)s, allowed_model_region =
    %(allowed_model_region)s, default_model = %(default_model)s, models = %(models)s, budget_id = %(budget_id)s,
    extra = %(extra)s, updated_at = %(updated_at)s, updated_by = %(updated_by)s
WHERE user_id = %(user_id)s;

-- name: delete_customer
DELETE FROM customers WHERE user_id = %(id)s;

-- name: spend_of_customers
SELECT scope_id, spend_usd FROM spend_totals WHERE scope = 'end_user' AND scope_id = ANY(%(ids)s);
