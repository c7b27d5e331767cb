"""Invitations: links by which users set their password and get their first key."""
