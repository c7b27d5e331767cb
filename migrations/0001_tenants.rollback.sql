DROP TABLE team_members;
DROP TABLE users;
DROP TABLE teams;
DROP TABLE organizations;
