"""The paths of reports."""

from __future__ import annotations

from tianji_control.resources.reports import capture, names, providers, report, reset, spenders, tags, totals

routes = [
    *totals.routes,
    *tags.routes,
    *spenders.routes,
    *report.routes,
    *names.routes,
    *providers.routes,
    *capture.routes,
    *reset.routes,
]
