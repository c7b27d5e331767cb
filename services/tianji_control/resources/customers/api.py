"""`/customer/…` and `/end_user/…`: the end users that requests name."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.paging import PageNumber, Size
from tianji_control.resources.budgets.shown import shown as budget_shown
from tianji_control.resources.customers import service, store
from tianji_control.resources.customers.answers import CustomersBlocked, CustomersDeleted, CustomerShown
from tianji_control.resources.customers.service import Customer, CustomerFields


class Ids(Struct):
    """The body of `/customer/block` and `/customer/delete`."""

    user_ids: list[str]


class WhichCustomer(Struct):
    """The query of `/customer/info`."""

    end_user_id: str


class CustomerPage(Struct, kw_only=True):
    """The query of `/customer/list`."""

    page: PageNumber = 1
    page_size: Size = 50
    search: str | None = None


async def new(call: Call) -> Response:
    """POST /customer/new: describe a customer"""
    _, said = await call.said(CustomerFields)
    return call.answer(_shown(await service.create(call, said)))


async def update(call: Call) -> Response:
    """POST /customer/update: change what is named of a customer"""
    _, said = await call.said(CustomerFields)
    return call.answer(_shown(await service.update(call, said)))


async def delete(call: Call) -> Response:
    """POST /customer/delete: delete customers"""
    count = await service.delete(call, await _ids(call))
    message = f"Successfully deleted {count} customers"
    return call.answer({"deleted_customers": count, "message": message})


async def info(call: Call) -> Response:
    """GET /customer/info: show a customer"""
    id = call.query(WhichCustomer).end_user_id
    async with call.runtime.store.connection() as db:
        found = await service.whole(db, await store.by_ids(db, [id]))
    if not found:
        raise service.missing(id)
    return call.answer(_shown(found[0]), version=found[0].row)


async def listed(call: Call) -> Response:
    """GET /customer/list: customers by pages"""
    ask = call.query(CustomerPage)
    async with call.runtime.store.connection() as db:
        offset = (ask.page - 1) * ask.page_size
        rows = await store.page(db, ask.search, limit=ask.page_size, offset=offset)
        found = await service.whole(db, rows)
    return call.answer([_shown(one) for one in found])


async def block(call: Call) -> Response:
    """POST /customer/block: refuse customers from now on"""
    found = await service.set_blocked(call, await _ids(call), True)
    return call.answer({"blocked_users": [_shown(one) for one in found]})


async def unblock(call: Call) -> Response:
    """POST /customer/unblock: answers who is still blocked of those that are named"""
    await service.set_blocked(call, await _ids(call), False)
    return call.answer({"blocked_users": []})


async def _ids(call: Call) -> list[str]:
    ids = (await call.body(Ids)).user_ids
    if not ids:
        raise WrongFields([Fault(["body", "user_ids"], "name at least one customer", "missing")])
    return ids


def _shown(found: Customer) -> dict[str, Any]:
    row = found.row
    return {
        "user_id": row.user_id,
        "alias": row.alias,
        "blocked": row.blocked,
        "spend": float(found.spend),
        "allowed_model_region": row.allowed_model_region,
        "default_model": row.default_model,
        "models": row.models,
        "budget_id": row.budget_id,
        "litellm_budget_table": None if found.budget is None else budget_shown(found.budget),
        "object_permission_id": None,
        "object_permission": row.extra.get("object_permission"),
    }


def _routes(at: str) -> list[Guarded]:
    return [
        Guarded("POST", f"{at}/new", new, "customer:create", body=CustomerFields, gives=CustomerShown),
        Guarded("POST", f"{at}/update", update, "customer:limit", body=CustomerFields, gives=CustomerShown),
        Guarded("POST", f"{at}/delete", delete, "customer:delete", body=Ids, gives=CustomersDeleted),
        Guarded("GET", f"{at}/info", info, "customer:read", query=WhichCustomer, gives=CustomerShown),
        Guarded("GET", f"{at}/list", listed, "customer:read", query=CustomerPage, gives=list[CustomerShown]),
        Guarded("POST", f"{at}/block", block, "customer:limit", body=Ids, gives=CustomersBlocked),
        Guarded("POST", f"{at}/unblock", unblock, "customer:limit", body=Ids, gives=CustomersBlocked),
    ]


routes = [*_routes("/customer"), *_routes("/end_user")]
