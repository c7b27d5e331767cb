"""Virtual keys."""
