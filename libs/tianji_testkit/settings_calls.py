"""How the test of the permission table calls the paths of settings, models' prices and access groups."""

from __future__ import annotations

from tianji_testkit.permission_calls import Try, on


def _unified_groups(root: str) -> dict[str, Try]:
    one = root + "/{access_group_id}"
    return {
        f"POST {root}": Try(on(root, access_group_name="{new}"), fine=(201,)),
        f"GET {root}": Try(on(root)),
        f"GET {one}": Try(on(f"{root}/none"), fine=(404,)),
        f"PUT {one}": Try(on(f"{root}/none"), fine=(404,)),
        f"DELETE {one}": Try(on(f"{root}/none"), fine=(404,)),
    }


def _settings() -> dict[str, Try]:
    field = {"field_name": "num_retries", "config_type": "router_settings"}
    unset = {"field_name": "retry_after", "config_type": "router_settings"}
    discounts, margins = "/config/cost_discount_config", "/config/cost_margin_config"
    schedule = "/schedule/model_cost_map_reload"
    unpriced = "/config/block_requests_for_models_without_pricing"
    return {
        "GET /config": Try(on("/config")),
        "GET /config/yaml": Try(on("/config/yaml")),
        "POST /config/update": Try(on("/config/update", router_settings={"num_retries": 1})),
        "POST /config/field/update": Try(on("/config/field/update", **field, field_value=1)),
        "POST /config/field/delete": Try(on("/config/field/delete", **unset), fine=(400,)),
        "GET /config/field/info": Try(on("/config/field/info?field_name=port"), fine=(400,)),
        "GET /config/list": Try(on("/config/list?config_type=general_settings")),
        "GET /router/settings": Try(on("/router/settings")),
        "PATCH /router/settings": Try(on("/router/settings", settings={"num_retries": 1})),
        "GET /router/fields": Try(on("/router/fields")),
        "GET /get/allowed_ips": Try(on("/get/allowed_ips")),
        "POST /add/allowed_ip": Try(on("/add/allowed_ip", ip="nowhere"), fine=(400,)),
        "POST /delete/allowed_ip": Try(on("/delete/allowed_ip", ip="nowhere"), fine=(404,)),
        f"GET {discounts}": Try(on(discounts)),
        f"PATCH {discounts}": Try(on(discounts, openai=0.1)),
        f"GET {margins}": Try(on(margins)),
        f"PATCH {margins}": Try(on(margins, openai=0.1)),
        f"GET {unpriced}": Try(on(unpriced)),
        f"PATCH {unpriced}": Try(on(unpriced, enabled=False)),
        "POST /reload/model_cost_map": Try(on("/reload/model_cost_map"), fine=(400,)),
        "POST /schedule/model_cost_map_reload": Try(on(f"{schedule}?hours=1"), fine=(400,)),
        "DELETE /schedule/model_cost_map_reload": Try(on(schedule)),
        "GET /schedule/model_cost_map_reload/status": Try(on(f"{schedule}/status")),
        "GET /model/cost_map/source": Try(on("/model/cost_map/source")),
        "GET /get/litellm_model_cost_map": Try(on("/get/litellm_model_cost_map")),
        "POST /model/block": Try(on("/model/block", model_id="none"), fine=(400,)),
        "POST /model/unblock": Try(on("/model/unblock", model_id="none"), fine=(400,)),
        "GET /model/deprecations": Try(on("/model/deprecations")),
        "GET /v1/model/deprecations": Try(on("/v1/model/deprecations")),
        "GET /model_group/info": Try(on("/model_group/info")),
        "POST /model_group/make_public": Try(
            on("/model_group/make_public", model_groups=["m"]), fine=(200, 400)
        ),
        "POST /model_hub/update_useful_links": Try(on("/model_hub/update_useful_links", useful_links={})),
        "GET /get/default_team_settings": Try(on("/get/default_team_settings")),
        "PATCH /update/default_team_settings": Try(on("/update/default_team_settings")),
        "GET /get/internal_user_settings": Try(on("/get/internal_user_settings")),
        "PATCH /update/internal_user_settings": Try(on("/update/internal_user_settings")),
        "POST /fallback": Try(on("/fallback", model="none", fallback_models=["m"]), fine=(404,)),
        "GET /fallback/{model}": Try(on("/fallback/none"), fine=(404,)),
        "DELETE /fallback/{model}": Try(on("/fallback/none"), fine=(404,)),
    }


TRIES = {
    **_settings(),
    **_unified_groups("/v1/access_group"),
    **_unified_groups("/v1/unified_access_group"),
}
