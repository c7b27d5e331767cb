DROP TABLE budget_generations;
DROP TABLE closed_processes;
DROP TABLE spend_windows;
ALTER TABLE spend_logs
    DROP COLUMN charged_bounds,
    DROP COLUMN charged_windows;
