"""The paths of reports."""

from __future__ import annotations

from tianji_control.resources.reports import names, report, spenders, tags, totals

routes = [*totals.routes, *tags.routes, *spenders.routes, *report.routes, *names.routes]
