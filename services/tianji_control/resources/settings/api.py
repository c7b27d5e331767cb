"""Settings that have paths of their own."""

from __future__ import annotations

from tianji_control.resources.settings import addresses, costs, defaults, fallbacks, router

routes = [
    *router.routes,
    *addresses.routes,
    *costs.routes,
    *defaults.routes,
    *fallbacks.routes,
]
