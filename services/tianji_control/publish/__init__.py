"""The way of a committed change to every gateway."""
