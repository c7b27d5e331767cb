-- part: invitation_columns
id, user_id, is_accepted, accepted_at, expires_at, created_at, created_by, updated_at, updated_by

-- name: invitation_by_id
SELECT <<invitation_columns>>
FROM invitations WHERE id = %(id)s;

-- name: invitation_for_update
SELECT <<invitation_columns>>
FROM invitations WHERE id = %(id)s FOR UPDATE;

-- name: insert_invitation
INSERT INTO invitations (<<invitation_columns>>)
VALUES (%(id)s, %(user_id)s, %(is_accepted)s, %(accepted_at)s, %(expires_at)s, %(created_at)s, %(created_by)s,
        %(updated_at)s, %(updated_by)s);

-- name: update_invitation
UPDATE invitations
SET is_accepted = %(is_accepted)s, accepted_at = %(accepted_at)s, updated_at = %(updated_at)s,
    updated_by = %(updated_by)s
WHERE id = %(id)s;

-- name: delete_invitation
DELETE FROM invitations WHERE id = %(id)s;
