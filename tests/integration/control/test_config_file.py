"""The config file: its models follow it, its settings are published, its errors change nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tianji.domain.keys import hash_of
from tianji.domain.sealed import Sealer
from tianji.settings import Secret
from tianji_control.config_file import ConfigRefused

SEALER = Sealer("salt for tests")

CONFIG = """\
model_list:
  - model_name: fast
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: sk-file-secret
      rpm: 10
  - model_name: slow
    tianji_params:
      model: anthropic/claude-x
      api_key: os.environ/CONTROL_TEST_KEY
      api_base: os.environ/CONTROL_TEST_UNSET
    model_info:
      id: the-slow-one
      mode: chat
router_settings:
  routing_strategy: simple-shuffle
  num_retries: 2
litellm_settings:
  drop_params: true
"""


@pytest.fixture
def settings(control_settings, own_nats, empty_postgres_url: str, tmp_path: Path, monkeypatch):
    """Return a function that writes a config file and gives settings that name it."""
    monkeypatch.setenv("CONTROL_TEST_KEY", "sk-env-secret")
    nats_url = own_nats.start()
    path = tmp_path / "config.yaml"

    def make(text: str, **more):
        path.write_text(text)
        return control_settings(path, nats_url=nats_url, database_url=empty_postgres_url, **more)

    return make


async def test_the_file_becomes_records(settings, running) -> None:
    async with running(settings(CONFIG)) as control:
        await control.published()
        records = await control.deployments()
        slow = records["the-slow-one"]
        [fast] = [record for record in records.values() if record["model_name"] == "fast"]
        assert (fast["provider"], fast["model"], fast["params"]) == ("openai", "gpt-4o-mini", {"rpm": 10})
        assert SEALER.open(fast["secrets"]["api_key"]) == "sk-file-secret"
        assert SEALER.open(slow["secrets"]["api_key"]) == "sk-env-secret"
        assert slow["params"] == {"api_base": "os.environ/CONTROL_TEST_UNSET"}
        assert fast["source"] == slow["source"] == "file"
        published = await control.record("settings", "global")
        assert published["router"] == {"routing_strategy": "simple-shuffle", "num_retries": 2}
        assert published["calls"] == {"drop_params": True}
        assert published["master_key_hash"] == hash_of("sk-master-for-tests")
        told = (await control.get("/model/info")).body
        assert b"file-secret" not in told and b"env-secret" not in told


async def test_ids_and_records_survive_a_restart(settings, running) -> None:
    async with running(settings(CONFIG)) as control:
        await control.published()
        before = await control.config_records()
    async with running(settings(CONFIG)) as control:
        await control.published()
        assert await control.config_records() == before


async def test_a_reload_follows_the_file_and_spares_what_calls_made(settings, running) -> None:
    async with running(settings(CONFIG)) as control:
        model = {"model_name": "by-call", "litellm_params": {"model": "openai/x", "api_key": "sk-call"}}
        by_call = (await control.post("/model/new", model)).json()["model_id"]
        before = await control.deployments()
        settings(CONFIG.replace("model_name: slow", "model_name: slower").replace("rpm: 10", "rpm: 20"))
        answer = await control.post("/config/reload")
        assert answer.status == 200
        assert (answer.json()["added"], answer.json()["changed"], answer.json()["removed"]) == (1, 1, 1)
        after = await control.deployments()
        assert after["the-slow-one"]["model_name"] == "slower"
        assert by_call in after and len(after) == len(before)
        again = await control.post("/config/reload")
        assert [again.json()[name] for name in ("added", "changed", "removed")] == [0, 0, 0]
        refused = await control.post("/model/delete", {"id": "the-slow-one"})
        assert refused.status == 400 and "config file" in refused.error["message"]
        settings("model_list: []\n")
        await control.post("/config/reload")
        assert list(await control.deployments()) == [by_call]


async def test_a_key_that_changes_keeps_the_models_id(settings, running) -> None:
    async with running(settings(CONFIG)) as control:
        await control.published()
        before = await control.deployments()
        settings(CONFIG.replace("sk-file-secret", "sk-other-secret"))
        await control.post("/config/reload")
        after = await control.deployments()
        assert before.keys() == after.keys()
        [fast] = [record for record in after.values() if record["model_name"] == "fast"]
        assert SEALER.open(fast["secrets"]["api_key"]) == "sk-other-secret"


async def test_a_file_with_errors_changes_nothing(settings, running) -> None:
    async with running(settings(CONFIG)) as control:
        await control.published()
        before = await control.config_records()
        settings(CONFIG.replace("rpm: 10", "rpm: many").replace("model: anthropic/claude-x", "x: y"))
        answer = await control.post("/config/reload")
        assert answer.status == 400
        assert "rpm" in answer.error["message"] and "model" in answer.error["message"]
        assert "secret" not in answer.error["message"]
        assert await control.config_records() == before


async def test_a_file_with_errors_ends_the_first_start(settings, running) -> None:
    with pytest.raises(ConfigRefused, match="model_list"):
        async with running(settings("model_list: 3\n")):
            pass


async def test_twins_in_the_file_are_two_deployments(settings, running) -> None:
    entry = "  - {model_name: twin, litellm_params: {model: openai/gpt-4o, api_key: %s}}\n"
    text = "model_list:\n" + entry % "sk-one" + entry % "sk-two"
    async with running(settings(text)) as control:
        await control.published()
        records = await control.deployments()
        keys = {SEALER.open(record["secrets"]["api_key"]) for record in records.values()}
        assert keys == {"sk-one", "sk-two"}


async def test_an_id_given_twice_is_an_error(settings, running) -> None:
    entry = "  - {model_name: %s, litellm_params: {model: openai/gpt-4o}, model_info: {id: same}}\n"
    with pytest.raises(ConfigRefused, match="same is given twice"):
        async with running(settings("model_list:\n" + entry % "a" + entry % "b")):
            pass


async def test_the_files_master_key_counts_when_none_is_set(settings, running) -> None:
    text = "model_list: []\ngeneral_settings:\n  master_key: sk-from-the-file\n"
    async with running(settings(text, master_key=None)) as control:
        assert (await control.get("/key/list", key="sk-from-the-file")).status == 200
        assert (await control.get("/key/list")).status == 401
        await control.published()
        assert "sk-from-the-file" not in str(await control.record("settings", "global"))
    async with running(settings(text, master_key=Secret("sk-from-outside"))) as control:
        assert (await control.get("/key/list", key="sk-from-the-file")).status == 401


async def test_without_any_master_key_nothing_starts(settings, running) -> None:
    with pytest.raises(ConfigRefused, match="TIANJI_MASTER_KEY"):
        async with running(settings("model_list: []\n", master_key=None)):
            pass


async def test_a_header_named_by_the_file_carries_keys(settings, running) -> None:
    text = "model_list: []\ngeneral_settings:\n  litellm_key_header_name: X-My-Key\n"
    async with running(settings(text)) as control:
        headers = {"x-my-key": "Bearer sk-master-for-tests"}
        assert (await control.get("/key/list", key=None, headers=headers)).status == 200


async def test_a_model_of_an_unknown_provider_spares_the_others(settings, running, caplog) -> None:
    text = CONFIG.replace("openai/gpt-4o-mini", "nobody/gpt")
    async with running(settings(text)) as control:
        await control.published()
        assert len(await control.deployments()) == 2
    assert any("nobody" in record.getMessage() for record in caplog.records)


async def test_each_warning_is_told_once(settings, running, caplog) -> None:
    caplog.set_level(logging.WARNING)
    async with running(settings("model_list: []\nnonsense_here: 1\n")) as control:
        await control.post("/config/reload")
    told = [record for record in caplog.records if "nonsense_here" in record.getMessage()]
    assert len(told) == 1


async def test_credentials_of_the_file_are_merged_and_sealed(settings, running) -> None:
    text = """\
credential_list:
  - credential_name: shared
    credential_values: {api_key: sk-shared-secret}
model_list:
  - model_name: m
    litellm_params: {model: openai/gpt-4o, litellm_credential_name: shared}
"""
    async with running(settings(text)) as control:
        await control.published()
        [record] = (await control.deployments()).values()
        assert SEALER.open(record["secrets"]["api_key"]) == "sk-shared-secret"
        assert record["params"] == {"litellm_credential_name": "shared"}


async def test_variables_of_the_file_are_published_sealed_for_the_providers(settings, running) -> None:
    text = """\
environment_variables:
  OPENAI_API_KEY: sk-variable-secret
  DATABASE_URL: postgresql://nowhere
  TIANJI_SALT_KEY: not this way
model_list:
  - {model_name: m, litellm_params: {model: openai/gpt-4o}}
"""
    async with running(settings(text)) as control:
        await control.published()
        published = await control.record("settings", "global")
        assert set(published["environment"]) == {"OPENAI_API_KEY"}
        assert SEALER.open(published["environment"]["OPENAI_API_KEY"]) == "sk-variable-secret"
        again = (await control.post("/config/reload")).json()
        assert again["settings_changed"] is False
        settings(text.replace("variable-secret", "next-secret"))
        changed = (await control.post("/config/reload")).json()
        assert changed["settings_changed"] is True and changed["changed"] == 0
        await control.published()
        published = await control.record("settings", "global")
        assert SEALER.open(published["environment"]["OPENAI_API_KEY"]) == "sk-next-secret"


async def test_models_of_one_file_keep_their_order(settings, running) -> None:
    names = [f"model-{name}" for name in "qwertzuiop"]
    models = [f"  - {{model_name: {name}, litellm_params: {{model: openai/x}}}}" for name in names]
    async with running(settings("\n".join(["model_list:", *models]))) as control:
        await control.published()
        records = (await control.deployments()).values()
        assert [one["model_name"] for one in sorted(records, key=lambda one: one["created_at"])] == names


async def test_a_model_made_by_a_call_may_name_a_credential_of_the_file(settings, running) -> None:
    text = "credential_list: [{credential_name: shared, credential_values: {api_key: sk-shared-secret}}]\n"
    params = {"model": "openai/gpt-4o", "litellm_credential_name": "shared"}
    async with running(settings(text)) as control:
        made = await control.post("/model/new", {"model_name": "m", "litellm_params": params})
        assert made.status == 200 and b"shared-secret" not in made.body
        await control.published()
        [record] = (await control.deployments()).values()
        assert SEALER.open(record["secrets"]["api_key"]) == "sk-shared-secret"
        unknown = params | {"litellm_credential_name": "nobody's"}
        refused = await control.post("/model/new", {"model_name": "m", "litellm_params": unknown})
        assert refused.status == 400 and refused.error["param"] == "litellm_credential_name"
