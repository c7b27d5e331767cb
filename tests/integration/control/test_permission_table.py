"""Every role on every path, over HTTP, as docs/reference/permissions.md says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uuid_utils
from msgspec import Struct

from tianji_control.call import Guarded
from tianji_control.routes import ROUTES
from tianji_testkit import permission_calls, report_calls, settings_calls
from tianji_testkit.permission_calls import Place, made

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = Path(__file__).parents[3] / "docs/reference/permissions.md"
BEGAN_NS = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()) * 10**9
SCOPES = ("team", "organization", "user")
TRIES = permission_calls.TRIES | report_calls.TRIES | settings_calls.TRIES
IN_SYSTEM = ("proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer")


def read_table() -> dict[str, dict[str, str]]:
    """Return what the page says: by path, what each role may."""
    rows = [line.strip("| \n").split(" | ") for line in PAGE.read_text().splitlines() if line[:1] == "|"]
    roles = rows[0][1:]
    return {row[0].strip("`"): dict(zip(roles, row[1:], strict=True)) for row in rows[2:]}


TABLE = read_table()


class World(Struct):
    """Two organizations with a team each, and a caller of every role in the first."""

    inside: Place
    outside: Place
    keys: dict[str, str]
    own: dict[str, Place]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(control: Any) -> World:
    inside, outside = [await _place(control, *names) for names in (("in", "mate"), ("out", "stranger"))]
    keys: dict[str, str] = {}
    own: dict[str, Place] = {}
    for role in next(iter(TABLE.values())):
        keys[role], own[role] = await _caller(control, role, inside)
    await _ledger(control, [inside, outside, *own.values()])
    return World(inside, outside, keys, own)


async def _place(control: Any, name: str, user_id: str) -> Place:
    organization_id, team_id = f"org-{name}", f"team-{name}"
    await made(control, "/organization/new", {"organization_id": organization_id, "organization_alias": name})
    body = {"team_id": team_id, "organization_id": organization_id, "models": ["m", "keeps"]}
    await made(control, "/team/new", body)
    user = {"user_id": user_id, "organizations": [organization_id], "auto_create_key": False}
    await made(control, "/user/new", user)
    key = await made(control, "/key/generate", {"team_id": team_id, "key_alias": f"alias-{name}"})
    return Place(
        name=name, organization_id=organization_id, team_id=team_id, user_id=user_id, key=key["token"]
    )


async def _caller(control: Any, role: str, inside: Place) -> tuple[str, Place]:
    user_id = f"caller-{role}"
    if role in ("team", "customer"):
        key = await made(control, "/key/generate", {"team_id": inside.team_id} if role == "team" else {})
    else:
        known = role if role in IN_SYSTEM else "internal_user"
        key = await made(control, "/user/new", {"user_id": user_id, "user_role": known})
    if role.startswith("org_"):
        member = {"user_id": user_id, "role": role}
        await made(control, f"/org/{inside.organization_id}/member/add", member)
    if role.startswith("team_"):
        member = {"user_id": user_id, "role": "admin" if role == "team_admin" else "user"}
        await made(control, "/team/member_add", {"team_id": inside.team_id, "member": member})
    own = Place(
        name="own",
        organization_id=inside.organization_id,
        team_id=inside.team_id,
        user_id=user_id,
        key=key["token"],
        owned=role not in ("team", "customer"),
    )
    await control.post("/key/update", {"key": own.key, "key_alias": f"alias-own-{role}"})
    return key["key"], own


async def _ledger(control: Any, places: list[Place]) -> None:
    """Put one row a place into the ledger."""
    async with control.runtime.store.connection() as db:
        await db.execute(
            "CREATE TABLE spend_logs_2026 PARTITION OF spend_logs"
            " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
        )
        columns = await (
            await db.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_name = 'spend_logs' AND is_nullable = 'NO' AND column_default IS NULL"
            )
        ).fetchall()
        scopes = {(scope, getattr(place, f"{scope}_id")) for place in places for scope in SCOPES}
        scopes.add(("total", ""))
        for scope, id in sorted(scopes):
            await db.execute(
                "INSERT INTO spend_daily (day, scope, scope_id, model, provider)"
                " VALUES ('2026-02-01', %s, %s, 'm', 'p')",
                [scope, id],
            )
        for place in places:
            values = {name: _blank(kind) for name, kind in columns}
            values |= {"key_hash": place.key, "day": "2026-02-01", "started_at": "2026-02-01"}
            values |= {"session_id": "s", "response_id": f"call-{place.key}"}
            values["id"] = str(uuid_utils.uuid7(nanoseconds=BEGAN_NS))
            await _cell(db, place)
            if place.name != "own":
                values |= {"team_id": place.team_id, "organization_id": place.organization_id}
            names, marks = ", ".join(values), ", ".join(f"%({name})s" for name in values)
            await db.execute(
                f"INSERT INTO spend_logs ({names}) VALUES ({marks})",  # noqa: S608
                values,
            )


async def _cell(db: Any, place: Place) -> None:
    own = place.name == "own"
    await db.execute(
        "INSERT INTO spend_cells (day, key_hash, user_id, team_id, organization_id, model, upstream_model,"
        " provider, call_type, requests) VALUES ('2026-02-01', %s, %s, %s, %s, 'm', 'm', 'p', 'c', 1)",
        [
            place.key,
            place.user_id,
            "" if own else place.team_id,
            "" if own else place.organization_id,
        ],
    )


def _blank(kind: str) -> Any:
    return {
        "text": "",
        "boolean": False,
        "date": "2026-02-01",
        "timestamp with time zone": "2026-02-01",
        "ARRAY": [],
        "jsonb": "{}",
    }.get(kind, 0)


async def test_the_page_names_every_path_and_no_other() -> None:
    paths = {
        f"{method} {route.path}"
        for route in ROUTES
        if isinstance(route, Guarded)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert set(TABLE) == paths == set(TRIES)


@pytest.mark.parametrize("path", TABLE)
async def test_each_role_may_what_the_page_says(control: Any, world: World, path: str) -> None:
    wrong = {
        role: said
        for role, cell in TABLE[path].items()
        if (said := await _tried(control, world, path, role, cell)) is not None
    }
    assert wrong == {}


async def _tried(control: Any, world: World, path: str, role: str, cell: str) -> str | None:
    """Call a path as a role on objects near and far; return what was not as the cell says."""
    inside = world.own[role] if cell == "own" else world.inside
    near, far = [await _may(control, world, path, role, place) for place in (inside, world.outside)]
    # About the caller's key, or all that the caller may see, whatever is named.
    whatever = (path.endswith("/key/health") and cell == "own") or (TRIES[path].sums and cell != "-")
    expected = (cell != "-", cell == "all" or whatever)
    return None if (near, far) == expected else f"{cell}: near {near}, far {far}"


async def _may(control: Any, world: World, path: str, role: str, place: Place) -> bool:
    ask = TRIES[path]
    method = path.split(" ")[0]
    target, body = await ask.make(control, place)
    answer = await control.call(method, target, body or None, key=world.keys[role])
    if answer.status == 403 or (ask.hides and answer.status == 404):
        return False
    assert answer.status in ask.fine, (path, role, place.name, answer.status, answer.body)
    if path.endswith("/bulk_update") and "/team" not in path:
        return bool(answer.json()["successful_updates"])
    if "/users/bulk" in path:
        return answer.json()["data"][0]["success"]
    if ask.lists is None:
        return True
    alias = f"alias-own-{role}" if place.name == "own" else f"alias-{place.name}"
    shown = getattr(place, ask.lists) if ask.lists else alias
    return f'"{shown}"'.encode() in answer.body
