"""`/provider/budgets`: what providers may be paid, and what they were in the window of now."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from tianji.errors import BadRequest
from tianji.limits.calendar import Budget
from tianji.limits.windows import window
from tianji_control.call import Call, Guarded
from tianji_control.resources.settings import store as settings
from tianji_control.spent.bases import charged
from tianji_control.spent.holders import calendar


async def budgets(call: Call) -> Response:
    """GET /provider/budgets: the providers of `provider_budget_config`."""
    async with call.runtime.store.connection() as db:
        config = (await settings.in_force(db)).router.get("provider_budget_config")
        if not isinstance(config, Mapping) or not config:
            words = "There are no budgets of providers; set router_settings.provider_budget_config"
            raise BadRequest(words, param="provider_budget_config")
        days = await calendar(db)
        held = {
            name: Budget(f"provider:{name}", days.rule(_said(terms, "budget_duration", "time_period"), 0.0))
            for name, terms in config.items()
            if isinstance(terms, Mapping)
        }
        spent = await charged(db, [(budget, 0) for budget in held.values()])
    return call.answer(
        {
            "providers": {
                name: {
                    "budget_limit": _said(config[name], "max_budget", "budget_limit"),
                    "time_period": _said(config[name], "budget_duration", "time_period"),
                    "spend": float(spent.get(budget.bound, Decimal(0))),
                    "budget_reset_at": _ends(budget),
                }
                for name, budget in held.items()
            }
        }
    )


def _said(terms: Mapping[str, Any], *names: str) -> Any:
    """Return what a budget says under one of the names that LiteLLM has for it."""
    return next((terms[name] for name in names if terms.get(name) is not None), None)


def _ends(budget: Budget) -> datetime | None:
    ends = window(budget.rule, time.time(), 0).ends
    return None if math.isinf(ends) else datetime.fromtimestamp(ends, UTC)


routes = [
    # 400 where the config has no such budgets.
    Guarded("GET", "/provider/budgets", budgets, "ledger:read", gives=dict[str, Any], refuses=(400,))
]
