DROP TABLE jwt_key_mappings;
DROP INDEX keys_by_project;
DROP TABLE projects;
