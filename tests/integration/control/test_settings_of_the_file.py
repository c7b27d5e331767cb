"""What the config file sets no call changes; what calls set stands beside it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILE = """
general_settings:
  max_request_size_mb: 7
router_settings:
  num_retries: 2
  model_group_alias: {a: b}
"""


async def settings_of(control):
    await control.published()
    return await control.record("settings", "global")


async def test_addresses_of_alerts_are_sealed_and_told_to_no_gateway(control_settings, running) -> None:
    address = "https://hooks.example.org/hidden"
    config = f"general_settings: {{alerting: [slack], alert_to_webhook_url: {{budget_alerts: [{address}]}}}}"
    async with running(control_settings(config)) as control:
        assert (await settings_of(control))["general"] == {"alerting": ["slack"]}
        async with control.runtime.store.connection() as db:
            cursor = await db.execute("SELECT secrets FROM settings")
            [(secrets,)] = await cursor.fetchall()
            cursor = await db.execute("SELECT coalesce(string_agg(after::text, ''), '') FROM audit_log")
            [(audited,)] = await cursor.fetchall()
        opened = control.runtime.sealer.open_value(secrets["alert_to_webhook_url"])
        assert opened == {"budget_alerts": [address]}
        assert address not in audited and secrets["alert_to_webhook_url"] not in audited


async def test_what_the_file_sets_is_the_files(control_settings, running) -> None:
    async with running(control_settings(FILE)) as control:
        refused = await control.post("/config/update", {"router_settings": {"num_retries": 9}})
        assert refused.status == 400 and "set in the config file" in refused.error["message"]
        await control.post("/config/update", {"router_settings": {"timeout": 8}})
        record = await settings_of(control)
        assert record["router"]["num_retries"] == 2 and record["router"]["timeout"] == 8
        told = (await control.get("/config/field/info?field_name=max_request_size_mb")).json()
        assert (told["field_value"], told["source"], told["editable"]) == (7, "config", False)
    async with running(control_settings()) as control:
        assert (await settings_of(control))["router"]["timeout"] == 8, "the call's settings outlive the file"
