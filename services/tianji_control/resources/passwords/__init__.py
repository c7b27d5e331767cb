"""Passwords of users: kept as Argon2id hashes, in a table that nothing else reads."""
