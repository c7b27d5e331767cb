"""Which sums the ledger keeps, as tables of what they are by; the statements are made of them once.

To sum up by one more thing, add a row to DIMENSIONS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tianji.store.queries import Query


class Dimension(NamedTuple):
    """What sums are by: a scope of the tables, and where an event has its id."""

    scope: str
    id: str
    many: bool = False
    """Whether an event has an array of them: it counts once for each."""
    by_day: bool = True
    """Whether there are sums by day and model, too: `spend_daily`."""
    by_key: bool = False
    """Whether those stay apart by key; of scopes that cells name the cells say the key."""
    whole_days: bool = False
    """Whether days are summed up whatever they were spent on: `spend_days`, for what there is much of."""


DIMENSIONS = (
    Dimension("key", "fresh.key_hash", whole_days=True),
    Dimension("team", "fresh.team_id"),
    Dimension("user", "fresh.user_id"),
    Dimension("organization", "fresh.organization_id"),
    Dimension("end_user", "fresh.end_user", by_key=True, whole_days=True),
    Dimension("tag", "fresh.tags", many=True, by_key=True, whole_days=True),
    Dimension("model", "fresh.model", by_day=False),
    Dimension("provider", "fresh.provider", by_day=False),
    Dimension("project", "fresh.project_id"),
    Dimension("agent", "fresh.agent_id", by_key=True),
    Dimension("deployment", "fresh.deployment_id"),
    Dimension("organization_member", "fresh.organization_id || ':' || fresh.user_id", by_day=False),
)
_TOTAL = Dimension("total", "''")
"""Everything: the one scope whose id is empty."""

_MONEY = {"spend_usd": "sum(fresh.spend_usd)", "requests": "sum(fresh.requests)"}
_TOKENS = {
    "input_tokens": "sum(fresh.input_tokens)",
    "output_tokens": "sum(fresh.output_tokens)",
}
_FAILED = {"failed_requests": "sum(fresh.failed_requests)"}
_FIGURES = {
    **_MONEY,
    "successful_requests": "sum(fresh.requests - fresh.failed_requests)",
    **_FAILED,
    **_TOKENS,
    "cache_read_tokens": "sum(fresh.cache_read_tokens)",
    "cache_write_tokens": "sum(fresh.cache_write_tokens)",
    "duration_ms": "sum(fresh.duration_ms)",
}
_OWNERS = {
    "key_hash": "fresh.key_hash",
    "user_id": "coalesce(fresh.user_id, '')",
    "team_id": "coalesce(fresh.team_id, '')",
    "organization_id": "coalesce(fresh.organization_id, '')",
}


def statements() -> tuple[Query, ...]:
    """Return the statements that add `spend_fresh` to all sums, for all workers in the same order.

    A row of it is the sum of calls that are alike in all that sums are by: a batch has few of them.
    """
    scope = {"scope": "part.scope", "scope_id": "part.scope_id"}
    daily = [one for one in DIMENSIONS if one.by_day]
    return (
        _upsert("spend_totals", scope, _MONEY | _TOKENS, join=_parts([*DIMENSIONS, _TOTAL]), stamped=True),
        _upsert(
            "spend_daily",
            {
                **scope,
                "day": "fresh.day",
                "model": "fresh.model",
                "provider": "fresh.provider",
                "key_hash": "part.key_hash",
                "upstream_model": "fresh.upstream_model",
                "call_type": "fresh.call_type",
            },
            _FIGURES,
            join=_parts([*daily, _TOTAL]),
            stamped=True,
        ),
        _upsert(
            "spend_days",
            {"scope": "part.scope", "day": "fresh.day", "scope_id": "part.scope_id"},
            {**_MONEY, **_FAILED, "tokens": "sum(fresh.input_tokens + fresh.output_tokens)"},
            join=_parts(one for one in DIMENSIONS if one.whole_days),
        ),
        _upsert(
            "spend_cells",
            {
                "day": "fresh.day",
                **_OWNERS,
                "model": "fresh.model",
                "upstream_model": "fresh.upstream_model",
                "provider": "fresh.provider",
                "call_type": "fresh.call_type",
            },
            _FIGURES,
        ),
        _upsert(
            "spend_failures",
            {
                "day": "fresh.day",
                **_OWNERS,
                "model": "fresh.model",
                "http_status": "fresh.http_status",
                "deployment_id": "fresh.deployment_id",
                "api_base": "fresh.api_base",
                "provider": "fresh.provider",
                "call_type": "fresh.call_type",
                "error_type": "coalesce(fresh.error_type, '')",
            },
            {"requests": "sum(fresh.failed_requests)"},
            where="fresh.failed_requests > 0",
        ),
    )


def _upsert(
    table: str,
    by: Mapping[str, str],
    sums: Mapping[str, str],
    *,
    join: str = "",
    where: str = "true",
    stamped: bool = False,
) -> Query:
    """Return the statement that adds to a table's sums; `stamped` says whether rows tell when they changed.

    Rows are taken in the order of the key, so that two workers wait for each other instead of deadlocking.
    """
    names, order = ", ".join([*by, *sums]), ", ".join(str(place + 1) for place in range(len(by)))
    added = [f"{name} = kept.{name} + excluded.{name}" for name in sums]
    if stamped:
        added.append("updated_at = now()")
    clauses = (
        f"INSERT INTO {table} AS kept ({names})",
        f"SELECT {', '.join([*by.values(), *sums.values()])}",
        f"FROM spend_fresh AS fresh {join}",
        f"WHERE {where}",
        f"GROUP BY {order}",
        f"ORDER BY {order}",
        f"ON CONFLICT ({', '.join(by)}) DO UPDATE SET {', '.join(added)}",
    )
    return Query("\n".join(clauses))


def _parts(dimensions: Iterable[Dimension]) -> str:
    """Return the join that makes a row of each dimension that an event counts for."""
    rows: list[str] = []
    for one in dimensions:
        key = "fresh.key_hash" if one.by_key else "''"
        source = f" FROM unnest({one.id}) AS id" if one.many else ""
        rows.append(
            f"SELECT {'DISTINCT ' * one.many}'{one.scope}', {'id' if one.many else one.id}, {key}{source}"
        )
    named = f"part.scope_id <> '' OR part.scope = '{_TOTAL.scope}'"
    return f"JOIN LATERAL ({' UNION ALL '.join(rows)}) AS part (scope, scope_id, key_hash) ON {named}"
