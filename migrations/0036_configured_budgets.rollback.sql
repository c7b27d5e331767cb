DROP TABLE configured_budgets;
