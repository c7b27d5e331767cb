"""`/spend/…`."""

from __future__ import annotations

from tianji_control.resources.spend import caching, logs, operations, pages

routes = [*logs.routes, *pages.routes, *operations.routes, *caching.routes]
