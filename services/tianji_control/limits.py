"""Checks that every holder of limits shares: keys, teams, users."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tianji.errors import BadRequest

NOT_NEGATIVE = (
    "spend",
    "max_budget",
    "soft_budget",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_parallel_requests",
)


def check_limits(said: Mapping[str, Any]) -> None:
    """Raise BadRequest for a limit that no call could keep; unset and null ones pass."""
    for name in NOT_NEGATIVE:
        limit = said.get(name)
        if isinstance(limit, Decimal | int) and (limit < 0 or not Decimal(limit).is_finite()):
            message = f"{name} must not be negative; it is {limit}"
            raise BadRequest(message, type="bad_request_error", param=name)
