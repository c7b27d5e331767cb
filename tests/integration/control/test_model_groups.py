"""Model groups, and whether deployments serve."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(control, name: str, model: str, **more):
    params = {"model": model, "api_key": "k"} | more.pop("params", {})
    body = {"model_name": name, "litellm_params": params, "model_info": more}
    answer = await control.post("/model/new", body)
    assert answer.status == 200, answer.body
    return answer.json()["model_id"]


async def test_a_group_tells_what_its_deployments_can_do_together(control) -> None:
    await made(control, "both", "openai/gpt-4o", params={"rpm": 5, "tpm": 100})
    await made(control, "both", "azure/gpt-4o-mini", params={"rpm": 7})
    answer = await control.get("/model_group/info?model_group=both")
    (group,) = answer.json()["data"]
    assert group["providers"] == ["openai", "azure"]
    assert (group["rpm"], group["tpm"]) == (12, 100)
    assert group["mode"] == "chat" and group["supports_vision"] is True
    assert group["input_cost_per_token"] == pytest.approx(2.5e-6)
    assert (await control.get("/model_group/info?model_group=none")).status == 404


async def test_model_info_tells_prices_and_what_the_model_says_itself_goes_before_them(control) -> None:
    id = await made(control, "own", "openai/gpt-4o", input_cost_per_token=0.5)
    (shown,) = (await control.get(f"/model/info?litellm_model_id={id}")).json()["data"]
    assert shown["model_info"]["input_cost_per_token"] == 0.5
    assert shown["model_info"]["max_input_tokens"] == 128000
    assert shown["model_info"]["id"] == id and "api_key" not in shown["litellm_params"]


async def test_a_blocked_deployment_is_published_as_blocked_and_serves_again_when_freed(control) -> None:
    id = await made(control, "barred", "openai/gpt-4o")
    assert (await control.post("/model/block", {"model_id": id})).json()["blocked"] is True
    assert (await control.deployments())[id]["blocked"] is True
    assert (await control.get("/model_group/info?model_group=barred")).status == 404
    blocked = (await control.get("/v2/model/info?blocked=true")).json()
    assert [one["model_name"] for one in blocked["data"]] == ["barred"]
    assert (await control.post("/model/unblock", {"model_id": id})).json()["blocked"] is False
    assert "blocked" not in (await control.deployments())[id]
    assert (await control.post("/model/block", {"model_id": "none"})).status == 400


async def test_groups_that_are_made_public_show_without_a_key_and_no_others_do(control) -> None:
    await made(control, "shown", "openai/gpt-4o")
    await made(control, "hidden", "openai/gpt-4o")
    assert (await control.post("/model_group/make_public", {"model_groups": ["no-such"]})).status == 400
    assert (await control.post("/model_group/make_public", {"model_groups": ["shown"]})).status == 200
    hub = (await control.get("/public/model_hub", key=None)).json()
    assert [group["model_group"] for group in hub] == ["shown"]
    assert hub[0]["is_public_model_group"] is True
    links = {"useful_links": {"docs": "https://example.org"}}
    assert (await control.post("/model_hub/update_useful_links", links)).status == 200
    assert (await control.get("/public/model_hub/info", key=None)).json()["useful_links"] == links[
        "useful_links"
    ]


async def test_models_that_providers_switch_off_are_told_by_how_soon(control) -> None:
    await made(control, "gone", "openai/gpt-4o", deprecation_date="2020-01-01", successor_model="next")
    await made(control, "later", "openai/gpt-4o", deprecation_date="2999-01-01")
    told = (await control.get("/model/deprecations")).json()
    (gone,) = [one for one in told["deprecated"] if one["model_name"] == "gone"]
    assert gone["successor_model"] == "next" and gone["days_until_deprecation"] < 0
    assert "later" in [one["model_name"] for one in told["upcoming"]]
