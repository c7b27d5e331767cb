"""The paths of activity."""

from __future__ import annotations

from tianji_control.resources.activity import by_key, daily, export, gateway, totals

routes = [*daily.routes, *by_key.routes, *export.routes, *totals.routes, *gateway.routes]
