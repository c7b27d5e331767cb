"""Invitations and onboarding over HTTP: from a link to a password and a first key."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "correct horse 7"


async def a_user(control: Any, **fields: Any) -> str:
    answer = await control.post("/user/new", {"auto_create_key": False, **fields})
    assert answer.status == 200, answer.body
    return answer.json()["user_id"]


async def invited(control: Any, user_id: str) -> dict[str, Any]:
    answer = await control.post("/invitation/new", {"user_id": user_id})
    assert answer.status == 200, answer.body
    return answer.json()


async def claimed(control: Any, link: str, user_id: str, token: str, password: str = PASSWORD) -> Any:
    body = {"invitation_link": link, "user_id": user_id, "password": password}
    return await control.post("/onboarding/claim_token", body, key=token)


async def token_of(control: Any, link: str) -> str:
    answer = await control.get(f"/onboarding/get_token?invite_link={link}", key=None)
    assert answer.status == 200, answer.body
    return answer.json()["token"]


async def test_a_link_becomes_a_password_and_a_key_once(control: Any) -> None:
    user = await a_user(control, user_email="invited@example.org")
    invitation = await invited(control, user)
    assert invitation.items() >= {"user_id": user, "is_accepted": False, "accepted_at": None}.items()
    opened = await control.get(f"/onboarding/get_token?invite_link={invitation['id']}", key=None)
    assert opened.json()["user_email"] == "invited@example.org"
    entered = await claimed(control, invitation["id"], user, opened.json()["token"])
    assert entered.status == 200, entered.body
    own = await control.get("/user/info", key=entered.json()["token"])
    assert own.json()["user_id"] == user
    shown = (await control.get(f"/invitation/info?invitation_id={invitation['id']}")).json()
    assert shown["is_accepted"] is True and shown["accepted_at"]
    again = await control.get(f"/onboarding/get_token?invite_link={invitation['id']}", key=None)
    assert (again.status, "already been used" in again.error["message"]) == (401, True)
    twice = await claimed(control, invitation["id"], user, opened.json()["token"])
    assert twice.status == 401


async def test_only_the_token_of_the_link_claims_it(control: Any) -> None:
    one, two = await a_user(control), await a_user(control)
    first, second = await invited(control, one), await invited(control, two)
    other = await token_of(control, second["id"])
    for token in (other, "sk-nothing", ""):
        assert (await claimed(control, first["id"], one, token)).status == 401
    assert (await claimed(control, first["id"], two, await token_of(control, first["id"]))).status == 401
    assert (await control.get("/onboarding/get_token?invite_link=none", key=None)).status == 401


async def test_a_weak_password_is_refused_and_the_link_stays_good(control: Any) -> None:
    user = await a_user(control)
    link = (await invited(control, user))["id"]
    token = await token_of(control, link)
    weak = await claimed(control, link, user, token, "short")
    assert (weak.status, weak.error["param"]) == (400, "password")
    assert (await claimed(control, link, user, token)).status == 200


async def test_a_withdrawn_or_expired_link_is_no_good(control: Any) -> None:
    user = await a_user(control)
    gone, late = await invited(control, user), await invited(control, user)
    assert (await control.post("/invitation/delete", {"invitation_id": gone["id"]})).json()["id"] == gone[
        "id"
    ]
    async with control.runtime.store.transaction() as db:
        await db.execute("UPDATE invitations SET expires_at = now() WHERE id = %s", [late["id"]])
    for link in (gone["id"], late["id"]):
        answer = await control.get(f"/onboarding/get_token?invite_link={link}", key=None)
        assert answer.status == 401


async def test_a_password_is_changed_with_its_own_session_only(control: Any) -> None:
    user = await a_user(control)
    link = (await invited(control, user))["id"]
    session = (await claimed(control, link, user, await token_of(control, link))).json()["token"]
    other = (await control.made_key(user_id=user))["key"]

    async def changed(key: str, current: str, new: str) -> int:
        body = {"current_password": current, "new_password": new}
        return (await control.post("/user/password/change", body, key=key)).status

    assert await changed(other, PASSWORD, "another one 8") == 403
    assert await changed(session, "wrong", "another one 8") == 400
    assert await changed(session, PASSWORD, PASSWORD) == 400
    assert await changed(session, PASSWORD, "another one 8") == 200
    assert await changed(session, PASSWORD, "a third one 9") == 400


async def test_who_runs_an_organization_invites_its_members_and_no_admin(control: Any) -> None:
    for id in ("inviting", "elsewhere"):
        await control.post("/organization/new", {"organization_id": id, "organization_alias": id})
    admin = (await control.post("/user/new", {"user_id": "org-inviter"})).json()["key"]
    await control.post("/org/inviting/member/add", {"user_id": "org-inviter", "role": "org_admin"})
    member = await a_user(control, organizations=["inviting"])
    stranger = await a_user(control, organizations=["elsewhere"])
    mighty = await a_user(control, organizations=["inviting"], user_role="proxy_admin")
    made = await control.post("/invitation/new", {"user_id": member}, key=admin)
    assert made.status == 200
    for user in (stranger, mighty):
        assert (await control.post("/invitation/new", {"user_id": user}, key=admin)).status == 403
    others = (await invited(control, member))["id"]
    assert (await control.post("/invitation/delete", {"invitation_id": others}, key=admin)).status == 403
    own = {"invitation_id": made.json()["id"]}
    assert (await control.post("/invitation/delete", own, key=admin)).status == 200


async def test_neither_links_nor_passwords_are_in_the_audit_log(control: Any) -> None:
    user = await a_user(control)
    link = (await invited(control, user))["id"]
    await claimed(control, link, user, await token_of(control, link))
    log = await control.get(f"/audit?object_id={user}&page_size=100")
    assert log.status == 200 and link.encode() not in log.body and PASSWORD.encode() not in log.body
    assert {"user:invite", "user:onboard"} <= {
        row["action"]
        for row in (await control.get(f"/audit/logs?resource=user&resource_id={user}")).json()["logs"]
    }
