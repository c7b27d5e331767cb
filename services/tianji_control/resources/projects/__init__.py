"""Projects: a level between a team and its keys."""
