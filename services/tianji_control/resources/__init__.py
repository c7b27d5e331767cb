"""One package per resource: api, service, store, queries."""
