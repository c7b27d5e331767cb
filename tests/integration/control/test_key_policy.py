"""What the config says of new keys: defaults, bounds, and who may make them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = """
litellm_settings:
  default_key_generate_params:
    max_budget: 3
    models: [gpt]
    duration: 20d
  upperbound_key_generate_params:
    max_budget: 10
    rpm_limit: 50
    duration: 30d
  key_generation_settings:
    team_key_generation:
      allowed_team_member_roles: [admin]
      required_params: [tags]
    personal_key_generation:
      allowed_user_roles: [proxy_admin]
  max_internal_user_budget: 7
  internal_user_budget_duration: 1mo
general_settings:
  team_metadata_schema:
  - key: cost_center
    label: Cost center
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(control_settings: Any, running: Any) -> AsyncIterator[Any]:
    async with running(control_settings(CONFIG)) as control:
        yield control


async def generated(control: Any, key: str | None = None, **fields: Any) -> Any:
    more = {} if key is None else {"key": key}
    return await control.post("/key/generate", fields, **more)


async def test_a_new_key_gets_what_it_does_not_say(control: Any) -> None:
    made = (await generated(control)).json()
    assert (made["max_budget"], made["models"], made["rpm_limit"]) == (3.0, ["gpt"], 50)
    assert made["expires"] is not None
    said = (await generated(control, max_budget=5, models=["claude"], rpm_limit=1)).json()
    assert (said["max_budget"], said["models"], said["rpm_limit"]) == (5.0, ["claude"], 1)


@pytest.mark.parametrize(
    "fields", [{"max_budget": 11}, {"rpm_limit": 51}, {"duration": "31d"}, {"duration": "-1"}]
)
async def test_no_key_goes_beyond_the_bounds_new_or_changed(control: Any, fields: dict[str, Any]) -> None:
    answer = await generated(control, **fields)
    assert (answer.status, "over max limit" in answer.error["message"]) == (400, True)
    key = (await generated(control)).json()["key"]
    answer = await control.post("/key/update", {"key": key, **fields})
    assert (answer.status, "over max limit" in answer.error["message"]) == (400, True)


async def test_plain_members_and_users_make_no_keys_where_the_config_forbids_it(control: Any) -> None:
    keys = {
        name: (await control.post("/user/new", {"user_id": name})).json()["key"] for name in ("head", "hand")
    }
    team = (
        await control.post(
            "/team/new",
            {
                "members_with_roles": [
                    {"user_id": "head", "role": "admin"},
                    {"user_id": "hand", "role": "user"},
                ],
                "team_member_permissions": ["/key/generate"],
            },
        )
    ).json()["team_id"]
    own = await generated(control, keys["hand"])
    assert (own.status, "restricted by admin" in own.error["message"]) == (400, True)
    hand = await generated(control, keys["hand"], team_id=team, tags=["a"])
    assert (hand.status, "allowed_team_member_roles" in hand.error["message"]) == (400, True)
    untagged = await generated(control, keys["head"], team_id=team)
    assert (untagged.status, untagged.error["message"]) == (400, "Required param tags not in data")
    assert (await generated(control, keys["head"], team_id=team, tags=["a"])).status == 200


async def test_an_internal_user_gets_the_budget_of_the_config(control: Any) -> None:
    made = (await control.post("/user/new", {"user_role": "internal_user"})).json()
    assert (made["max_budget"], made["budget_duration"]) == (7.0, "1mo")
    own = (await control.post("/user/new", {"user_role": "internal_user", "max_budget": 1})).json()
    assert own["max_budget"] == 1.0
    viewer = (await control.post("/user/new", {"user_role": "internal_user_viewer"})).json()
    assert viewer["max_budget"] is None


async def test_the_config_declares_fields_for_the_metadata_of_teams(control: Any) -> None:
    answer = await control.get("/team/metadata_schema")
    assert answer.json() == {"fields": [{"key": "cost_center", "label": "Cost center"}]}
