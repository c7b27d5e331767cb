-- part: customer_columns
user_id, alias, blocked, spend_adjustment, allowed_model_region, default_model, models, budget_id, extra,
       created_at, created_by, updated_at, updated_by

-- name: customers_by_id
SELECT <<customer_columns>>
FROM customers WHERE user_id = ANY(%(ids)s) ORDER BY user_id;

-- name: customer_for_update
SELECT <<customer_columns>>
FROM customers WHERE user_id = %(id)s FOR UPDATE;

-- name: customer_page
SELECT <<customer_columns>>
FROM customers
WHERE (%(search)s::text IS NULL OR user_id ILIKE %(search)s OR alias ILIKE %(search)s)
ORDER BY created_at DESC, user_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: insert_customer
INSERT INTO customers (<<customer_columns>>)
SELECT <<customer_columns>> FROM jsonb_populate_record(NULL::customers, %(row)s);

-- name: update_customer
UPDATE customers
SET (<<customer_columns>>) = (SELECT <<customer_columns>> FROM jsonb_populate_record(NULL::customers, %(row)s))
WHERE user_id = %(row)s::jsonb ->> 'user_id';

-- name: delete_customer
DELETE FROM customers WHERE user_id = %(id)s;
