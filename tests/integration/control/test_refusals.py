"""Who is let in, and how refusals and faults are told."""

from __future__ import annotations

import pytest

MASTER_KEY = "sk-master-for-tests"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {MASTER_KEY}"},
        {"authorization": f"bearer  {MASTER_KEY}"},
        {"authorization": MASTER_KEY},
        {"x-litellm-api-key": f"Bearer {MASTER_KEY}"},
        {"x-litellm-api-key": MASTER_KEY, "authorization": "Bearer sk-of-something-else"},
        {"api-key": MASTER_KEY},
        {"x-api-key": MASTER_KEY},
        {"x-goog-api-key": MASTER_KEY},
        {"ocp-apim-subscription-key": MASTER_KEY},
    ],
    ids=lambda headers: ",".join(headers),
)
async def test_a_key_is_found_wherever_it_may_arrive(control, headers: dict[str, str]) -> None:
    assert (await control.get("/key/list", key=None, headers=headers)).status == 200


async def test_no_key_is_an_authentication_error(control) -> None:
    answer = await control.get("/key/list", key=None)
    assert answer.status == 401
    assert answer.error["type"] == "auth_error" and answer.error["code"] == "401"
    assert answer.error["message"].startswith("Authentication Error")


@pytest.mark.parametrize(
    ("key", "type"), [("sk-unknown-key", "token_not_found_in_db"), ("not-a-key", "auth_error")]
)
async def test_a_bad_key_is_refused_and_not_repeated(control, key: str, type: str) -> None:
    answer = await control.get("/key/list", key=key)
    assert answer.status == 401
    assert answer.error["type"] == type and answer.error["param"] == "key"
    assert answer.error["message"].startswith("Authentication Error")
    assert key not in answer.error["message"]


async def test_an_expired_key_is_refused(control) -> None:
    made = await control.made_key(duration="1s")
    async with control.runtime.store.connection() as db:
        await db.execute("UPDATE keys SET expires = now() - interval '1 s' WHERE hash = %s", [made["token"]])
    answer = await control.get("/key/info", key=made["key"])
    assert answer.status == 401 and answer.error["type"] == "expired_key"


async def test_a_blocked_users_key_is_refused(control) -> None:
    made = (await control.post("/user/new", {"user_id": "out"})).json()
    async with control.runtime.store.connection() as db:
        await db.execute("UPDATE users SET blocked = true WHERE user_id = 'out'")
    assert (await control.get("/key/info", key=made["key"])).status == 401


async def test_invalid_json_is_a_bad_request(control) -> None:
    answer = await control.call("POST", "/key/generate", raw=b'{"models": [')
    assert answer.status == 400 and "JSON" in answer.error["message"]


async def test_wrong_fields_have_fastapis_shape(control) -> None:
    answer = await control.post("/key/generate", {"models": "gpt-4o"})
    assert answer.status == 422
    [fault] = answer.json()["detail"]
    assert fault["loc"] == ["body", "models"] and fault["type"] == "list_type" and fault["msg"]
    nested = await control.post("/team/new", {"members_with_roles": [{"role": "king"}]})
    assert nested.json()["detail"][0]["loc"] == ["body", "members_with_roles", 0, "role"]
    missing = await control.post("/model/new", {})
    assert missing.json()["detail"][0] == {
        "loc": ["body", "model_name"],
        "msg": "the field model_name is required",
        "type": "missing",
    }
    assert (await control.call("POST", "/key/generate", [1])).status == 422


async def test_numbers_written_as_text_are_taken(control) -> None:
    made = await control.made_key(tpm_limit="100", max_budget="1.5", blocked="true")
    assert (made["tpm_limit"], made["max_budget"], made["blocked"]) == (100, 1.5, True)


async def test_unknown_fields_are_left_out_and_told_in_the_log(control, caplog) -> None:
    assert (await control.post("/key/generate", {"nonsense": 1})).status == 200
    [record] = [record for record in caplog.records if record.message == "fields without effect"]
    assert record.fields == "nonsense"


async def test_a_body_beyond_the_limit_is_refused(control) -> None:
    answer = await control.call("POST", "/key/generate", raw=b'"' + b"x" * (11 * 1024 * 1024) + b'"')
    assert answer.status == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/vector_store/new", 501),
        ("GET", "/policies/list", 501),
        ("PATCH", "/scim/v2/Users/7", 501),
        ("GET", "/no/such/path", 404),
        ("GET", "/", 404),
        ("GET", "/key/generate", 405),
    ],
)
async def test_paths_that_are_not_served(control, method: str, path: str, status: int) -> None:
    answer = await control.call(method, path)
    assert answer.status == status
    assert answer.error["code"] == str(status)


async def test_a_wrong_method_is_told_all_that_the_path_takes(control) -> None:
    answer = await control.call("PUT", "/organization/info")
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "PUT" in answer.error["message"]


async def test_options_tells_what_a_path_takes(control) -> None:
    answer = await control.call("OPTIONS", "/organization/info", key=None)
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "GET, HEAD, OPTIONS, POST", b"")
    assert (await control.call("OPTIONS", "/no/such/path")).status == 404


async def test_head_is_answered_like_get(control) -> None:
    told, whole = await control.call("HEAD", "/key/list"), await control.get("/key/list")
    assert (told.status, told.headers["content-type"]) == (200, whole.headers["content-type"])
    assert (await control.call("HEAD", "/key/list", key=None)).status == 401


async def test_a_fault_of_ours_is_told_without_its_trace(control, monkeypatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("the secret cause")

    monkeypatch.setattr("tianji_control.resources.keys.service.make", broken)
    answer = await control.post("/key/generate", {})
    assert answer.status == 500
    assert answer.error["code"] == "500" and "secret cause" not in answer.body.decode()
    assert "Traceback" not in answer.body.decode()


async def test_health_needs_no_key(control) -> None:
    for path in ("/health/liveliness", "/health/liveness"):
        answer = await control.get(path, key=None)
        assert (answer.status, answer.json()) == (200, "I'm alive!")
    ready = await control.get("/health/readiness", key=None)
    assert ready.status == 200
    assert ready.json()["db"] == "connected" and ready.json()["nats"] == "connected"
    metrics = await control.get("/metrics", key=None)
    assert metrics.status == 200 and b"tianji_outbox_pending" in metrics.body


async def test_every_write_leaves_an_audit_row_without_secrets(control) -> None:
    made = await control.made_key(key_alias="audited", metadata={"api_key": "hush-hush", "plain": "p"})
    await control.post("/key/update", {"key": made["key"], "models": ["m"]})
    await control.post("/key/delete", {"keys": [made["key"]]})
    async with control.runtime.store.connection() as db:
        cursor = await db.execute(
            "SELECT action, actor, actor_role, before, after FROM audit_log"
            " WHERE resource = 'key' AND resource_id = %s ORDER BY id",
            [made["token"]],
        )
        rows = await cursor.fetchall()
    assert [row[:3] for row in rows] == [
        ("key:generate", "default_user_id", "proxy_admin"),
        ("key:update", "default_user_id", "proxy_admin"),
        ("key:delete", "default_user_id", "proxy_admin"),
    ]
    assert rows[0][3] is None and rows[0][4]["alias"] == "audited"
    assert rows[1][3]["models"] == [] and rows[1][4]["models"] == ["m"]
    assert rows[2][4] is None
    assert rows[0][4]["metadata"] == {"api_key": "***", "plain": "p"}
    assert made["key"] not in str(rows) and "hush-hush" not in str(rows)


async def test_a_page_of_another_origin_may_ask_and_read(control) -> None:
    asking = {
        "origin": "https://page.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    before = await control.call("OPTIONS", "/key/generate", key=None, headers=asking)
    assert before.status == 200
    assert before.headers["access-control-allow-origin"] == "*"
    assert "authorization" in before.headers["access-control-allow-headers"]
    refused = await control.get("/key/list", key=None, headers={"origin": "https://page.example"})
    assert refused.status == 401 and refused.headers["access-control-allow-origin"] == "*"
