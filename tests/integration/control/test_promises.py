"""Guaranteed throughput: keys and teams are promised no more, together, than there is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUARANTEED = {"rpm_limit_type": "guaranteed_throughput"}


async def team(control: Any, **fields: Any) -> str:
    made = await control.post("/team/new", fields)
    assert made.status == 200, made.body
    return str(made.json()["team_id"])


async def test_keys_of_a_team_are_promised_no_more_than_it_has(control: Any) -> None:
    id = await team(control, rpm_limit=100, tpm_limit=1000)
    await control.post("/key/generate", {"team_id": id, "rpm_limit": 60})
    refused = await control.post("/key/generate", {"team_id": id, "rpm_limit": 50, **GUARANTEED})
    assert refused.status == 400
    words = "Allocated RPM limit=60 + Key RPM limit=50 is greater than team RPM limit=100"
    assert words in refused.json()["error"]["message"]

    made = (await control.post("/key/generate", {"team_id": id, "rpm_limit": 40, **GUARANTEED})).json()
    raised = await control.post("/key/update", {"key": made["key"], "rpm_limit": 41})
    assert raised.status == 400
    made = (await control.post("/key/regenerate", {"key": made["key"], "grace_period": "1h"})).json()
    same = await control.post("/key/update", {"key": made["key"], "rpm_limit": 39})
    assert same.status == 200
    renamed = await control.post("/key/update", {"key": made["key"], "key_alias": "promised"})
    assert renamed.status == 200
    best_effort = {"team_id": id, "rpm_limit": 90, "rpm_limit_type": "best_effort_throughput"}
    assert (await control.post("/key/generate", best_effort)).status == 200


async def test_what_is_promised_of_a_model_counts_by_model(control: Any) -> None:
    id = await team(control, model_rpm_limit={"gpt": 10}, tpm_limit=500)
    of_gpt = {"team_id": id, "model_rpm_limit": {"gpt": 6}, "model_tpm_limit": {"gpt": 300}, **GUARANTEED}
    assert (await control.post("/key/generate", of_gpt)).status == 200
    refused = await control.post("/key/generate", of_gpt)
    assert (
        "Allocated RPM limit=6 + Key RPM limit=6 is greater than team RPM limit=10" in refused.body.decode()
    )
    del of_gpt["model_rpm_limit"]
    refused = await control.post("/key/generate", of_gpt)
    assert (
        "Allocated TPM limit=300 + Key TPM limit=300 is greater than team TPM limit=500"
        in refused.body.decode()
    )
    other = {"team_id": id, "model_rpm_limit": {"claude": 999}, **GUARANTEED}
    assert (await control.post("/key/generate", other)).status == 200


async def test_two_at_once_are_not_promised_the_same(control: Any) -> None:
    id = await team(control, rpm_limit=10)
    ask = {"team_id": id, "rpm_limit": 6, **GUARANTEED}
    said = await asyncio.gather(*[control.post("/key/generate", ask) for _ in range(4)])
    assert sorted(one.status for one in said) == [200, 400, 400, 400]


async def test_teams_of_an_organization_are_promised_no_more_than_it_has(control: Any) -> None:
    made = await control.post("/organization/new", {"organization_alias": "promising", "tpm_limit": 1000})
    id = made.json()["organization_id"]
    await team(control, organization_id=id, tpm_limit=700)
    wanted = {"organization_id": id, "tpm_limit": 400, "tpm_limit_type": "guaranteed_throughput"}
    refused = await control.post("/team/new", wanted)
    assert refused.status == 400
    assert (
        "Allocated TPM limit=700 + Team TPM limit=400 is greater than organization" in refused.body.decode()
    )
    assert (await control.post("/team/new", wanted | {"tpm_limit": 300})).status == 200
