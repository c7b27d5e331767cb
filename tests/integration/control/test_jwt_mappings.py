"""Which claims of a JWT stand for which key, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOM = "/jwt/key/mapping"


async def test_a_claim_is_mapped_shown_changed_and_forgotten(control: Any) -> None:
    key = await control.made_key()
    claim = {"jwt_claim_name": "email", "jwt_claim_value": "a@example.org", "jwt_issuer": "https://idp"}
    made = await control.post(f"{ROOM}/new", claim | {"key": key["key"], "description": "d"})
    assert made.status == 200
    assert made.json().items() >= (claim | {"description": "d", "is_active": True}).items()
    assert key["token"].encode() not in made.body
    again = await control.post(f"{ROOM}/new", claim | {"token": key["token"]})
    assert (again.status, "already exists" in again.error["message"]) == (409, True)
    id = made.json()["id"]
    changed = await control.post(f"{ROOM}/update", {"id": id, "is_active": False, "jwt_issuer": None})
    assert (changed.json()["is_active"], changed.json()["jwt_issuer"]) == (False, None)
    page = (await control.get(f"{ROOM}/list?size=1")).json()
    assert (page["total_count"], page["total_pages"], page["mappings"][0]["id"]) == (1, 1, id)
    assert (await control.post(f"{ROOM}/delete", {"id": id})).json() == {"status": "success"}
    assert (await control.get(f"{ROOM}/info?id={id}")).status == 404


async def test_a_mapping_names_one_key_that_is_there(control: Any) -> None:
    claim = {"jwt_claim_name": "sub", "jwt_claim_value": "x"}
    for named in ({}, {"key": "sk-a", "token": "b"}, {"key": "sk-nobody-has-this"}):
        assert (await control.post(f"{ROOM}/new", claim | named)).status == 400


async def test_a_mapping_follows_its_key_to_the_new_value_and_ends_with_it(control: Any) -> None:
    key = await control.made_key()
    claim = {"jwt_claim_name": "sub", "jwt_claim_value": "y", "key": key["key"]}
    id = (await control.post(f"{ROOM}/new", claim)).json()["id"]
    new = (await control.post("/key/regenerate", {"key": key["key"]})).json()["key"]
    assert (await control.get(f"{ROOM}/info?id={id}")).status == 200
    assert (await control.post("/key/delete", {"keys": [new]})).status == 200
    assert (await control.get(f"{ROOM}/info?id={id}")).status == 404
