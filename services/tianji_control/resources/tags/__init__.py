"""Tags that requests carry."""
