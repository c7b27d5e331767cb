DROP INDEX audit_log_by_changed_by;
