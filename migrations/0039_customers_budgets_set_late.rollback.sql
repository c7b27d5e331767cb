DROP FUNCTION charge_customers;
