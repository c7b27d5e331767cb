"""Models made by calls: stored without secrets, published sealed."""

from __future__ import annotations

import pytest

from tianji.domain.sealed import Sealer

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEALER = Sealer("salt for tests")
PARAMS = {
    "model": "openai/gpt-4o",
    "api_key": "sk-provider-secret",
    "api_base": "http://upstream/v1",
    "rpm": 5,
    "extra_headers": {"Authorization": "Bearer header-secret", "x-team": "core"},
    "aws_region_name": "os.environ/REGION",
}


async def made(control, **more):
    body = {"model_name": "gpt", "litellm_params": PARAMS, "model_info": {"mode": "chat"}} | more
    answer = await control.post("/model/new", body)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_a_model_is_made_and_published_with_its_secrets_sealed(control) -> None:
    model = await made(control)
    assert model["model_name"] == "gpt" and model["litellm_params"]["model"] == "openai/gpt-4o"
    assert model["litellm_params"]["api_key"] == "***"
    record = (await control.deployments())[model["model_id"]]
    assert (record["provider"], record["model"]) == ("openai", "gpt-4o")
    assert record["params"] == {
        "api_base": "http://upstream/v1",
        "rpm": 5,
        "aws_region_name": "os.environ/REGION",
    }
    assert SEALER.open(record["secrets"]["api_key"]) == "sk-provider-secret"
    assert SEALER.open_value(record["secrets"]["extra_headers"]) == PARAMS["extra_headers"]
    assert record["info"] == {"mode": "chat"}


async def test_no_answer_tells_a_credential(control) -> None:
    model = await made(control)
    answers = [
        await control.get("/model/info"),
        await control.get("/v1/model/info"),
        await control.get("/v2/model/info"),
        await control.get(f"/model/info?litellm_model_id={model['model_id']}"),
    ]
    for answer in answers:
        assert answer.status == 200
        assert b"provider-secret" not in answer.body and b"header-secret" not in answer.body
    async with control.runtime.store.connection() as db:
        stored = await (await db.execute("SELECT params, secrets, info FROM deployments")).fetchall()
        audit = await (await db.execute("SELECT before, after FROM audit_log")).fetchall()
    assert "provider-secret" not in str(stored) and "header-secret" not in str(stored)
    assert "provider-secret" not in str(audit) and "header-secret" not in str(audit)


async def test_our_spelling_works_too(control) -> None:
    answer = await control.post(
        "/model/new", {"model_name": "ours", "tianji_params": {"model": "anthropic/claude-x"}}
    )
    assert answer.status == 200
    record = (await control.deployments())[answer.json()["model_id"]]
    assert (record["provider"], record["model"]) == ("anthropic", "claude-x")


async def test_a_given_id_is_kept_and_unique(control) -> None:
    model = await made(control, model_info={"id": "my-model"})
    assert model["model_id"] == "my-model"
    again = await control.post(
        "/model/new",
        {"model_name": "x", "litellm_params": {"model": "openai/x"}, "model_info": {"id": "my-model"}},
    )
    assert again.status == 400 and again.error["param"] == "model_info.id"


async def test_a_model_of_an_unknown_provider_is_refused(control) -> None:
    answer = await control.post("/model/new", {"model_name": "x", "litellm_params": {"model": "opnai/x"}})
    assert answer.status == 400 and "opnai" in answer.error["message"]
    assert (await control.post("/model/new", {"model_name": "x"})).status == 422


async def test_an_update_merges_parameters(control) -> None:
    model = await made(control, model_info={"id": "to-update"})
    answer = await control.post(
        "/model/update",
        {
            "model_name": "renamed",
            "litellm_params": {"api_key": "sk-second-secret", "rpm": None, "tpm": 9},
            "model_info": {"id": model["model_id"]},
        },
    )
    assert answer.status == 200
    record = (await control.deployments())["to-update"]
    assert record["model_name"] == "renamed" and record["model"] == "gpt-4o"
    assert record["params"]["tpm"] == 9 and "rpm" not in record["params"]
    assert SEALER.open(record["secrets"]["api_key"]) == "sk-second-secret"
    assert "info" not in record


async def test_a_deleted_model_is_gone(control) -> None:
    model = await made(control)
    answer = await control.post("/model/delete", {"id": model["model_id"]})
    assert answer.json() == {"message": f"Model: {model['model_id']} deleted successfully"}
    assert model["model_id"] not in await control.deployments()
    again = await control.post("/model/delete", {"id": model["model_id"]})
    assert again.status == 400 and again.error["param"] == "id"


async def test_revisions_grow_with_each_change(control) -> None:
    first, _ = await control.config_records()
    await made(control)
    second, records = await control.config_records()
    assert second.revision == first.revision + 1
    assert len(records) == first.records + 1


async def test_a_key_is_shown_the_models_it_may_use(control) -> None:
    for name, info in (("seen", {}), ("unseen", {}), ("granted", {"access_groups": ["beta"]})):
        params = {"model": "openai/gpt-4o", "api_key": "sk-x"}
        await control.post(
            "/model/new", {"model_name": name, "litellm_params": params, "model_info": {"id": name, **info}}
        )
    made = await control.made_key(models=["seen", "beta"])
    listed = (await control.get("/model/info", key=made["key"])).json()["data"]
    assert {entry["model_name"] for entry in listed} == {"seen", "granted"}
    hidden = await control.get("/model/info?litellm_model_id=unseen", key=made["key"])
    assert hidden.status == 400
    everything = await control.made_key()
    shown = (await control.get("/model/info", key=everything["key"])).json()["data"]
    assert {"seen", "unseen", "granted"} <= {entry["model_name"] for entry in shown}


async def test_parameters_written_as_text_are_what_they_say(control) -> None:
    params = {"model": "openai/gpt-4o", "drop_params": "false", "rpm": "5", "timeout": "1.5"}
    made = await control.post("/model/new", {"model_name": "texts", "litellm_params": params})
    assert made.status == 200
    held = (await control.deployments())[made.json()["model_id"]]["params"]
    assert (held["drop_params"], held["rpm"], held["timeout"]) == (False, 5, 1.5)
    for name, value in (("drop_params", "maybe"), ("rpm", "many")):
        body = {"model_name": "wrong", "litellm_params": {"model": "openai/gpt-4o", name: value}}
        refused = await control.post("/model/new", body)
        assert (refused.status, refused.error["param"]) == (400, name)


async def test_a_patch_changes_what_it_names_and_takes_parameters_away(control) -> None:
    params = {"model": "openai/gpt-4o", "rpm": 5, "tpm": 6}
    body = {
        "model_name": "patched",
        "litellm_params": params,
        "model_info": {"id": "patched", "mode": "chat"},
    }
    assert (await control.post("/model/new", body)).status == 200
    change = {"litellm_params": {"rpm": 7}, "litellm_params_to_remove": ["tpm"], "model_info": {"note": "n"}}
    answer = await control.call("PATCH", "/model/patched/update", change)
    assert answer.status == 200
    held = (await control.deployments())["patched"]
    assert held["params"] == {"rpm": 7} and held["model_name"] == "patched"
    assert (held["info"]["mode"], held["info"]["note"]) == ("chat", "n")
    assert (await control.call("PATCH", "/model/nowhere/update", {})).status == 400
