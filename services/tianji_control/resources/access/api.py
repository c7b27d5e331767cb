"""`/access/explain`: may this key, user or role do that, and by which rule."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound
from tianji_control.access import targets
from tianji_control.access.authenticate import MASTER_USER, actor_of, actor_of_user
from tianji_control.access.permits import Actor
from tianji_control.access.roles import IN_ORGANIZATION, IN_TEAM, SYSTEM, Role
from tianji_control.call import Call, Guarded
from tianji_control.resources.access import service
from tianji_control.resources.access.service import Verdict
from tianji_control.resources.keys.service import hash_given
from tianji_control.resources.settings import store as settings


class Question(Struct, kw_only=True):
    """Who (one of the first three), and what (a path, a model, or both); for whom, and from where."""

    key: str | None = None
    user_id: str | None = None
    role: str | None = None
    route: str | None = None
    method: str = "POST"
    model: str | None = None
    customer: str | None = None
    """The end user that a call with the key names."""
    address: str | None = None
    """Where a call with the key comes from; without it the key's allowed_ips are not asked."""


async def explain(call: Call) -> Response:
    """POST /access/explain: may this key, user or role do that, and by which rule"""
    ask = await call.body(Question)
    if not ask.route and not ask.model:
        raise BadRequest("Name a route or a model", param="route")
    if ask.key:
        return call.answer(await _about_key(call, ask, hash_given(ask.key)))
    if ask.model:
        raise BadRequest("Name the key that is to use the model", param="key")
    actor = await _actor(call, ask)
    return call.answer(_about_route(call, ask, actor))


async def _about_key(call: Call, ask: Question, hash: str) -> Verdict:
    async with call.runtime.store.connection() as db:
        chain = await service.chain_of(db, hash, ask.customer)
        if chain is None:
            raise NotFound("There is no such key", param="key")
        key = chain.key
        target = await targets.of_key(
            db, user_id=key.user_id, team_id=key.team_id, organization_id=key.organization_id, hash=hash
        )
        call.require("key:read", target)
        if verdict := service.about_standing(chain, ask.address):
            return verdict
        if ask.route:
            actor = await actor_of(db, hash)
            verdict = service.about_route(
                actor, key, ask.method, ask.route, call.request.scope["router"].routes
            )
            if not verdict.allowed or not ask.model:
                return verdict
        aliases = (await settings.in_force(db)).router.get("model_group_alias")
        known = aliases if isinstance(aliases, dict) else {}
        if ask.model and (verdict := await service.about_model(db, chain, ask.model, known)):
            return verdict
    return Verdict(allowed=True, rule="nothing_against_it", message="no level forbids it")


async def _actor(call: Call, ask: Question) -> Actor:
    """Return the user or the role that is asked about, as a caller."""
    if ask.role:
        call.require("audit:read")
        known = SYSTEM | IN_TEAM | IN_ORGANIZATION | {role.value: role for role in Role}
        if ask.role not in known:
            raise BadRequest(f"There is no role {ask.role!r}; there are {', '.join(Role)}", param="role")
        return Actor(role=known[ask.role])
    user_id = ask.user_id or call.actor.user_id or MASTER_USER
    async with call.runtime.store.connection() as db:
        call.require("user:read", await targets.of_user(db, user_id))
        return await actor_of_user(db, user_id)


def _about_route(call: Call, ask: Question, actor: Actor) -> Verdict:
    routes = call.request.scope["router"].routes
    return service.about_route(actor, None, ask.method, ask.route or "", routes)


routes = [Guarded("POST", "/access/explain", explain, "open:read", body=Question, gives=Verdict)]
