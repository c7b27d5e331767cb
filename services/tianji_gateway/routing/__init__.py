"""Which deployments can serve a model, and in which order they are tried."""
