"""The table of LiteLLM's admin routes, `docs/reference/admin-routes.md`: what works, what does not and why.

    python -m tianji_testkit.admin_routes          # writes the last two columns anew, and unserved.txt
    python -m tianji_testkit.admin_routes --check  # says what has changed since, and fails

A row stays until somebody takes it out: the test fails for one that the services know nothing of. What
it says comes from the two services' own tables.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from starlette.routing import Route

import tianji_control
from tianji_control.routes import ROUTES
from tianji_control.unserved import all_unserved
from tianji_gateway.routes import HERE

PAGE = Path(__file__).parents[2] / "docs/reference/admin-routes.md"
UNSERVED = Path(tianji_control.__file__).with_name("unserved.txt")
WORKS, NOT_YET, NOT_HERE = "works", "501", "404"

_ROW = re.compile(r"^\| `(?P<method>[A-Z]+) (?P<path>[^`]+)` \| (?P<state>\S+) \| (?P<reason>.*?) ?\|$")
_PARAMETER = re.compile(r"\{\w+(?::\w+)?\}")
_COUNT = re.compile(r"^\| (?P<scope>[a-z ]+) \| \d+ \| \d+ \| \d+ % \|$")

NAMED = {
    "keys": ("/key/", "/v2/key/"),
    "teams": ("/team/", "/v2/team/"),
    "users": ("/user/", "/v2/user/"),
    "organizations": ("/organization/", "/v2/organization/"),
    "customers": ("/customer/", "/end_user/"),
    "tags": ("/tag/",),
    "budgets": ("/budget/",),
    "models": ("/model/", "/v1/model/", "/v2/model/", "/model_group/", "/reload/model", "/schedule/model"),
    "access groups": ("/access_group/", "/v1/access_group", "/v1/unified_access_group"),
    "config": ("/config/",),
}
"""What the first table counts, and the paths that belong to each."""
NOT_COUNTED = (
    *("/access_group/{access_group}/budget", "/config/callback", "/config/pass_through"),
    *("/model/metrics", "/model/settings", "/model/streaming_metrics", "/model/{model_id}/kubernetes"),
    *("/tag/dau", "/tag/distinct", "/tag/mau", "/tag/user-agent", "/tag/wau"),
)
"""Paths among them that manage nothing of the kind: figures of models and programs, and other features."""


class Row(Struct, frozen=True):
    """One route of the table."""

    method: str
    path: str
    state: str
    reason: str

    def line(self) -> str:
        """Return the row as the page has it."""
        return f"| `{self.method} {self.path}` | {self.state} | {self.reason} |"


def rows(page: str) -> list[Row]:
    """Read the rows of the page."""
    found = (_ROW.match(line) for line in page.splitlines())
    return [Row(**match.groupdict()) for match in found if match is not None]


def now(method: str, path: str) -> Row:
    """Return what holds of a route now."""
    asked = (method, _form(path))
    if asked in _control():
        return Row(method, path, WORKS, "")
    if asked in _gateway():
        return Row(method, path, WORKS, "answered by the gateway")
    for entry in all_unserved():
        if method in entry.methods and _form(entry.path) == asked[1]:
            return Row(method, path, NOT_YET, entry.reason)
    return Row(method, path, NOT_HERE, "")


def rewritten(page: str) -> str:
    """Return the page with what holds now, and its counts."""
    told = [now(row.method, row.path) for row in rows(page)]
    fresh = iter(told)
    lines = []
    for line in page.splitlines():
        if _ROW.match(line):
            line = next(fresh).line()
        elif count := _COUNT.match(line):
            line = _counted(count["scope"], told)
        lines.append(line)
    return "\n".join(lines) + "\n"


def still_unserved() -> str:
    """Return the list of what is not served: each path once, and none that is served by now."""
    lines: dict[str, dict[str, None]] = {}
    for entry in all_unserved():
        left = sorted(one for one in entry.methods if served(Row(one, entry.path, "", "")) is None)
        if left:
            lines.setdefault(entry.reason, {})[f"{','.join(left)} {entry.path}"] = None
    return "\n\n".join("\n".join([f"= {reason}", *paths]) for reason, paths in lines.items()) + "\n"


def served(row: Row) -> str | None:
    """Name the service that a working route is answered by."""
    asked = (row.method, _form(row.path))
    return "control" if asked in _control() else "gateway" if asked in _gateway() else None


def _counted(scope: str, told: Iterable[Row]) -> str:
    named = NAMED.get(scope) or tuple(prefix for prefixes in NAMED.values() for prefix in prefixes)
    among = [
        row
        for row in told
        if scope == "the whole page" or (row.path.startswith(named) and not row.path.startswith(NOT_COUNTED))
    ]
    work = sum(row.state == WORKS for row in among)
    return f"| {scope} | {len(among)} | {work} | {100 * work // max(1, len(among))} % |"


def _control() -> set[tuple[str, str]]:
    return {
        (method, _form(route.path))
        for route in ROUTES
        if isinstance(route, Route)
        for method in route.methods or ()
    }


def _gateway() -> set[tuple[str, str]]:
    return {(method, _form(path)) for path, methods in HERE.items() for method in methods}


def _form(path: str) -> str:
    return _PARAMETER.sub("{}", path).rstrip("/") or "/"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    page = PAGE.read_text("utf-8")
    fresh = rewritten(page)
    if "--check" not in arguments:
        PAGE.write_text(fresh, "utf-8")
        UNSERVED.write_text(still_unserved(), "utf-8")
        return 0
    wrong = [line for line in fresh.splitlines() if line not in page.splitlines()]
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
