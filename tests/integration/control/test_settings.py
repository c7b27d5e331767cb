"""Settings made by calls: stored, published, told without secrets; those of the file stay the file's."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def settings_of(control):
    await control.published()
    return await control.record("settings", "global")


async def test_a_setting_made_by_a_call_reaches_the_gateways(control) -> None:
    answer = await control.post(
        "/config/update",
        {
            "general_settings": {"max_snapshot_age": 60},
            "litellm_settings": {"drop_params": True},
            "router_settings": {"timeout": 12},
        },
    )
    assert answer.status == 200, answer.body
    assert answer.json() == {"message": "Config updated successfully", "warnings": []}
    record = await settings_of(control)
    assert record["general"]["max_snapshot_age"] == 60
    assert record["calls"] == {"drop_params": True}
    assert record["router"] == {"timeout": 12}


async def test_settings_that_a_call_does_not_name_stay(control) -> None:
    await control.post("/config/update", {"router_settings": {"timeout": 12, "stream_timeout": 3}})
    await control.post("/config/update", {"router_settings": {"stream_timeout": 4}})
    assert (await settings_of(control))["router"] == {"timeout": 12, "stream_timeout": 4}


async def test_a_setting_without_effect_is_stored_and_said_so(control) -> None:
    answer = await control.post("/config/update", {"general_settings": {"alert_type_config": {"a": {}}}})
    assert answer.json()["warnings"] == [
        "general_settings.alert_type_config has no effect yet: every alert is sent by itself"
    ]
    assert (await settings_of(control))["general"]["alert_type_config"] == {"a": {}}


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("litellm_settings", "max_budget", -5),
        ("litellm_settings", "budget_duration", "soon"),
        ("litellm_settings", "timezone", "Mars/Olympus"),
        ("litellm_settings", "max_end_user_budget", -1),
        ("litellm_settings", "tag_budget_config", {"a": {"max_budget": -1}}),
        ("router_settings", "provider_budget_config", {"openai": {"budget_limit": 1, "time_period": "x"}}),
    ],
)
async def test_a_budget_that_would_not_be_kept_as_written_is_refused(control, section, field, value) -> None:
    refused = await control.post("/config/update", {section: {field: value}})
    assert (refused.status, refused.error["param"]) == (400, field)


async def test_alerts_that_are_not_sent_are_named(control) -> None:
    address = "https://hooks.example.org/hidden"
    asked = {"alerting": ["slack", "pager"], "alert_to_webhook_url": {"budget_alerts": address}}
    answer = await control.post("/config/update", {"general_settings": asked})
    assert answer.json()["warnings"] == [
        "general_settings.alerting: no alert goes to pager, slack, webhook, email work; alerts of the type "
        "budget_alerts are sent, those of other types are not"
    ]
    answer = await control.post(
        "/config/update",
        {"general_settings": {"alerting": ["slack"], "alert_types": ["budget_alerts", "db_exceptions"]}},
    )
    assert answer.json()["warnings"] == [
        "general_settings.alerting: alerts of the type budget_alerts are sent, those of other types are not",
        "general_settings.alert_types: no alert of the type db_exceptions is sent; budget_alerts works",
    ]
    general = (await settings_of(control))["general"]
    assert general["alerting"] == ["slack"] and "alert_to_webhook_url" not in general
    shown = await control.get("/config/field/info?field_name=alert_to_webhook_url")
    assert shown.json()["field_value"] == "***"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"general_settings": {"max_snapshot_agee": 1}}, "Did you mean max_snapshot_age?"),
        ({"router_settings": {"no_such": 1}}, "Unsupported router settings: no_such"),
        ({"router_settings": {"num_retries": "often"}}, "num_retries must be a whole number"),
        ({"general_settings": {"master_key": "sk-mine"}}, "read from the environment or the config file"),
        ({"environment_variables": {"TIANJI_SALT_KEY": "x"}}, "variable of the gateway itself"),
        ({"litellm_settings": {"api_base": "os.environ/TIANJI_SALT_KEY"}}, "only the config file may"),
    ],
)
async def test_what_calls_may_not_set_is_refused_and_nothing_is_stored(control, body, said) -> None:
    before = await settings_of(control)
    answer = await control.post("/config/update", {"litellm_settings": {"request_timeout": 99}} | body)
    assert answer.status == 400 and said in answer.error["message"]
    assert "sk-mine" not in answer.error["message"]
    assert await settings_of(control) == before


async def test_secrets_are_sealed_and_shown_to_nobody(control) -> None:
    body = {
        "environment_variables": {"OPENAI_API_KEY": "sk-very-secret"},
        "litellm_settings": {"cache_params": {"type": "redis", "password": "hunter-two"}},
    }
    assert (await control.post("/config/update", body)).status == 200
    record = await settings_of(control)
    assert "sk-very-secret" not in str(record) and "hunter-two" not in str(record)
    assert control.runtime.sealer.open(record["environment"]["OPENAI_API_KEY"]) == "sk-very-secret"
    shown = await control.get("/config/yaml")
    assert shown.json()["environment_variables"] == {"OPENAI_API_KEY": "***"}
    for answer in (shown, await control.get("/audit/logs?resource=settings&page_size=100")):
        assert b"sk-very-secret" not in answer.body and b"hunter-two" not in answer.body


async def test_a_masked_secret_that_is_sent_back_leaves_the_stored_one(control) -> None:
    await control.post("/config/update", {"environment_variables": {"GROQ_API_KEY": "sk-kept"}})
    await control.post("/config/update", {"environment_variables": {"GROQ_API_KEY": "***"}})
    record = await settings_of(control)
    assert control.runtime.sealer.open(record["environment"]["GROQ_API_KEY"]) == "sk-kept"


async def test_a_field_is_set_told_and_taken_away(control) -> None:
    field = {"field_name": "max_request_size_mb", "config_type": "general_settings"}
    written = await control.post("/config/field/update", field | {"field_value": 5})
    assert written.json()["param_name"] == "general_settings"
    assert written.json()["param_value"]["max_request_size_mb"] == 5
    told = await control.get("/config/field/info?field_name=max_request_size_mb")
    assert told.json() == {
        "field_name": "max_request_size_mb",
        "field_value": 5,
        "source": "db",
        "editable": True,
    }
    assert (await settings_of(control))["general"]["max_request_size_mb"] == 5
    left = await control.post("/config/field/delete", field)
    assert left.status == 200 and "max_request_size_mb" not in left.json()["param_value"]
    assert "max_request_size_mb" not in (await settings_of(control))["general"]
    assert (await control.get("/config/field/info?field_name=max_request_size_mb")).status == 400
    assert (await control.post("/config/field/delete", field)).status == 400


async def test_the_list_tells_each_field_with_its_origin(control) -> None:
    await control.post("/config/update", {"general_settings": {"max_snapshot_age": 60}})
    answer = await control.get("/config/list?config_type=general_settings")
    found = {field["field_name"]: field for field in answer.json()}
    assert found["max_snapshot_age"]["field_value"] == 60
    assert found["max_snapshot_age"]["source"] == "db" and found["max_snapshot_age"]["stored_in_db"] is True
    assert found["store_model_in_db"]["source"] == "default"
    assert "master_key" not in found
    assert (await control.get("/config/list?config_type=nothing")).status == 422


async def test_changes_of_settings_are_audited_with_before_and_after(control) -> None:
    await control.post("/config/update", {"router_settings": {"num_retries": 1}})
    await control.post("/config/update", {"router_settings": {"num_retries": 4}})
    answer = await control.get("/audit/logs?resource=settings&resource_id=router_settings&page_size=1")
    entry = answer.json()["logs"][0]
    assert entry["before"]["fields"]["num_retries"] == 1 and entry["after"]["fields"]["num_retries"] == 4


async def test_addresses_that_may_call_are_kept_and_the_last_one_gone_lets_all_in(control) -> None:
    assert (await control.get("/get/allowed_ips")).json() == {"data": None}
    here = {"x-forwarded-for": "10.0.0.7"}
    added = await control.post("/add/allowed_ip", {"ip": "10.0.0.0/8"})
    assert added.json() == {"message": "IP 10.0.0.0/8 address added successfully", "status": "success"}
    assert (await settings_of(control))["general"]["allowed_ips"] == ["10.0.0.0/8"]
    outside = await control.get("/key/list", headers={"x-forwarded-for": "192.0.2.1"})
    assert outside.status == 403 and "192.0.2.1 not allowed" in outside.error["message"]
    assert (await control.get("/key/list", headers=here)).status == 200
    again = await control.post("/add/allowed_ip", {"ip": "10.0.0.0/8"}, headers=here)
    assert again.status == 400
    assert (await control.post("/add/allowed_ip", {"ip": "nowhere"}, headers=here)).status == 400
    assert (await control.post("/delete/allowed_ip", {"ip": "10.9.9.9"}, headers=here)).status == 404
    assert (await control.post("/delete/allowed_ip", {"ip": "10.0.0.0/8"}, headers=here)).status == 200
    assert (await control.get("/key/list", headers={"x-forwarded-for": "192.0.2.1"})).status == 200
    assert "allowed_ips" not in (await settings_of(control))["general"]


async def test_new_teams_and_users_get_the_defaults_where_the_call_says_nothing(control) -> None:
    team = {"max_budget": 12.5, "budget_duration": "30d", "tpm_limit": 100, "models": ["for-sign-in"]}
    user = {"max_budget": 3, "models": ["gpt"], "user_role": "internal_user_viewer"}
    said = await control.call("PATCH", "/update/default_team_settings", team)
    assert said.json()["settings"] == team, said.body
    await control.call("PATCH", "/update/internal_user_settings", user)
    made = (await control.post("/team/new", {"tpm_limit": 7})).json()
    assert (made["max_budget"], made["budget_duration"], made["tpm_limit"]) == (12.5, "30d", 7)
    assert made["models"] == []
    person = (await control.post("/user/new", {"user_id": "fresh"})).json()
    assert (person["max_budget"], person["user_role"]) == (3, "internal_user_viewer")
    admin = (await control.post("/user/new", {"user_id": "boss", "user_role": "proxy_admin"})).json()
    assert admin["max_budget"] is None
    told = (await control.get("/get/default_team_settings")).json()
    assert told["values"]["tpm_limit"] == 100 and told["values"]["rpm_limit"] is None
    await control.call("PATCH", "/update/default_team_settings", {"tpm_limit": None})
    assert (await control.get("/get/default_team_settings")).json()["values"]["max_budget"] == 12.5
    assert (await control.post("/team/new", {})).json()["tpm_limit"] is None
    for path in ("default_team_settings", "internal_user_settings"):
        await control.call("PATCH", f"/update/{path}", dict.fromkeys(team | user))


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("cost_discount_config", {"openai": 0.1, "vertex_ai/claude-*": 0.2}, {"openai": 1.5}),
        ("cost_discount_config", {"azure": 0}, {"no-such-provider": 0.1}),
        ("cost_margin_config", {"global": 0.1, "openai": {"fixed_amount": 0.01}}, {"openai": {}}),
        ("cost_margin_config", {"openai": 1}, {"openai": {"percentage": 11}}),
    ],
)
async def test_discounts_and_margins_are_checked_and_published(control, path, good, bad) -> None:
    answer = await control.call("PATCH", f"/config/{path}", good)
    assert answer.status == 200 and answer.json()["values"] == good, answer.body
    assert (await control.get(f"/config/{path}")).json() == {"values": good}
    assert (await settings_of(control))["calls"][path] == good
    assert (await control.call("PATCH", f"/config/{path}", bad)).status == 400
    assert (await settings_of(control))["calls"][path] == good


async def test_a_model_gets_fallbacks_and_loses_them(control) -> None:
    for name in ("first", "second"):
        await control.post("/model/new", {"model_name": name, "litellm_params": {"model": "openai/m"}})
    body = {"model": "first", "fallback_models": ["second"]}
    assert (await control.post("/fallback", body)).json()["message"].endswith("created successfully")
    assert (await control.post("/fallback", body)).json()["message"].endswith("updated successfully")
    assert (await settings_of(control))["router"]["fallbacks"] == [{"first": ["second"]}]
    assert (await control.get("/fallback/first")).json()["fallback_models"] == ["second"]
    assert (await control.get("/fallback/first?fallback_type=content_policy")).status == 404
    assert (await control.post("/fallback", body | {"fallback_models": ["none"]})).status == 400
    assert (await control.post("/fallback", body | {"model": "none"})).status == 404
    assert (await control.call("DELETE", "/fallback/first")).status == 200
    assert (await control.call("DELETE", "/fallback/first")).status == 404


async def test_the_settings_of_routing_are_told_with_their_origin_and_set(control) -> None:
    answer = await control.call("PATCH", "/router/settings", {"router_settings": {"num_retries": 6}})
    told = answer.json()
    assert answer.status == 200 and told == (await control.get("/router/settings")).json()
    assert told["current_values"]["num_retries"] == 6 and told["source"]["num_retries"] == "db"
    strategy = next(field for field in told["fields"] if field["field_name"] == "routing_strategy")
    assert "simple-shuffle" in strategy["options"]
    bare = (await control.get("/router/fields")).json()
    assert {field["field_value"] for field in bare["fields"]} == {None}
