DROP TABLE jobs;
DROP TABLE passwords;
DROP TABLE invitations;
