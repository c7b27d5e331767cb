"""Users: the people and services that keys belong to."""
