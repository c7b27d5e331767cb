"""NATS: one connection per process, its layout, its watches."""
