-- Who is named as the one that a change was made for is looked for like the one that made it.

CREATE INDEX audit_log_by_changed_by ON audit_log (changed_by, at) WHERE changed_by IS NOT NULL;
