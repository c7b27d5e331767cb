"""Another model for a call whose own cannot be paid for: `budget_fallbacks` of its key."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from tianji.errors import BadRequest, BudgetExceeded, PermissionDenied
from tianji.limits.calendar import model_bound
from tianji_gateway.flow.account import Account
from tianji_gateway.flow.admit import admit
from tianji_gateway.flow.limit import limit

_MODELS_OF_KEYS = model_bound("key", "", "").rstrip(":") + ":"


async def limit_or_instead(account: Account) -> None:
    """Take what a call needs, as `limit` does; for the first model of the key's list that can be paid for.

    Only a budget that the key has for the model leads to another one. Models that the key may not use,
    or that are not there, are passed over.
    """
    try:
        await limit(account)
    except BudgetExceeded as fault:
        await _instead(account, fault)


async def _instead(account: Account, fault: BudgetExceeded) -> None:
    asked = account.inference, account.grant, account.refused
    for name in _others(account):
        if not _turned(account, name):
            continue
        try:
            await limit(account)
        except BudgetExceeded:
            if not _of_its_model(account):
                raise
        else:
            account.refused = None
            return
    account.inference, account.grant, account.refused = asked
    raise fault


def _others(account: Account) -> list[str]:
    """Return what may be used instead of the model that was refused."""
    inference, grant, principal = account.inference, account.grant, account.principal
    assert inference is not None and grant is not None and principal is not None
    fallbacks = principal.key.budget_fallbacks
    if not fallbacks or grant.canned or not _of_its_model(account):
        return []
    names = (inference.model, grant.model, grant.group)
    return next((fallbacks[name] for name in names if name in fallbacks), [])


def _of_its_model(account: Account) -> bool:
    """Say whether the key's budget for the model refused the call."""
    return account.refused is not None and account.refused.bound.startswith(_MODELS_OF_KEYS)


def _turned(account: Account, name: str) -> bool:
    """Turn a call to another model, if its key may use that."""
    assert account.inference is not None and account.principal is not None and account.snapshot is not None
    fields = account.inference.fields | {"model": Raw(msgspec.json.encode(name))}
    inference = msgspec.structs.replace(account.inference, model=name, fields=fields, ask=None)
    try:
        grant = admit(inference, account.principal, account.snapshot)
    except (BadRequest, PermissionDenied):
        return False
    account.inference, account.grant = inference, grant
    account.size, account.counted = None, False
    return True
