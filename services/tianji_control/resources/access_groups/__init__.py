"""Access groups: models that are granted together under one name."""
