"""How the test of the permission table calls the paths of reports."""

from __future__ import annotations

from tianji_testkit.permission_calls import Try, on

SPAN = "start_date=2026-02-01&end_date=2026-02-02"
TIMES = (
    "filter[startTime][gte]=2026-02-01T00:00:00Z&filter[startTime][lte]=2026-02-02T00:00:00Z&page_size=100"
)
LISTS = {"team": "key", "organization": "key", "user": "key"}


def _activity() -> dict[str, Try]:
    found: dict[str, Try] = {}
    for name in ("team", "organization", "user", "customer", "end_user", "tag", "agent"):
        path = f"/{name}/daily/activity"
        for more, query in (
            ("aggregated/keys", "limit=100"),
            ("aggregated/search", "search=alias"),
            ("aggregated/model_top_keys", "model_group=m&limit=100"),
            ("export", "export_type=daily_with_keys&format=json"),
        ):
            tried = Try(on(f"{path}/{more}?{SPAN}&{query}"), lists=LISTS.get(name))
            found[f"GET {path}/{more}"] = tried
    users = "/user/daily/activity/aggregated/users"
    return found | {f"GET {users}": Try(on(f"{users}?{SPAN}&limit=100"), lists="user_id")}


def _receivers() -> dict[str, Try]:
    found: dict[str, Try] = {}
    for name, said in (
        ("vantage", {"api_key": "k", "integration_token": "t", "base_url": "http://127.0.0.1:9"}),
        ("cloudzero", {"api_key": "k", "connection_id": "c", "base_url": "http://127.0.0.1:9"}),
    ):
        found |= {
            f"POST /{name}/init": Try(on(f"/{name}/init", **said)),
            f"GET /{name}/settings": Try(on(f"/{name}/settings")),
            f"PUT /{name}/settings": Try(on(f"/{name}/settings", api_key="k2"), fine=(200, 404)),
            f"POST /{name}/dry-run": Try(on(f"/{name}/dry-run", limit=1)),
            f"POST /{name}/export": Try(on(f"/{name}/export", limit=1), fine=(200, 404, 502)),
            f"DELETE /{name}/delete": Try(on(f"/{name}/delete"), fine=(200, 404)),
        }
    return found


TRIES: dict[str, Try] = {
    **_activity(),
    "GET /global/activity": Try(on(f"/global/activity?{SPAN}"), sums=True),
    "GET /global/activity/model": Try(on(f"/global/activity/model?{SPAN}"), sums=True),
    "GET /global/activity/cache_hits": Try(on(f"/global/activity/cache_hits?{SPAN}"), sums=True),
    "GET /global/activity/exceptions": Try(on(f"/global/activity/exceptions?{SPAN}&model_group=m")),
    "GET /global/activity/exceptions/deployment": Try(
        on(f"/global/activity/exceptions/deployment?{SPAN}&model_group=m")
    ),
    "GET /gateway/daily/activity": Try(on("/gateway/daily/activity")),
    "GET /gateway/errors/activity": Try(on("/gateway/errors/activity")),
    "GET /spend/logs/session/ui": Try(on("/spend/logs/session/ui?session_id=s"), lists="key"),
    "GET /spend/logs/ui/{request_id}": Try(on("/spend/logs/ui/call-{key}"), hides=True),
    "GET /global/spend/logs": Try(on("/global/spend/logs"), sums=True),
    "GET /global/spend/keys": Try(on("/global/spend/keys"), sums=True),
    "GET /global/spend/models": Try(on("/global/spend/models"), sums=True),
    "GET /global/spend/provider": Try(on(f"/global/spend/provider?{SPAN}"), sums=True),
    "GET /spend/tags": Try(on("/spend/tags"), sums=True),
    "GET /management/v1/spend_logs/end_users": Try(
        on(f"/management/v1/spend_logs/end_users?{TIMES}"), sums=True
    ),
    "GET /management/v1/spend_logs/users": Try(
        on(f"/management/v1/spend_logs/users?{TIMES}"), lists="user_id"
    ),
    "GET /global/spend/teams": Try(on("/global/spend/teams")),
    "POST /global/spend/end_users": Try(on("/global/spend/end_users")),
    "GET /global/spend/end_users": Try(on("/global/spend/end_users")),
    "GET /global/all_end_users": Try(on("/global/all_end_users")),
    "GET /global/spend/tags": Try(on(f"/global/spend/tags?{SPAN}")),
    "GET /global/spend/all_tag_names": Try(on("/global/spend/all_tag_names")),
    "GET /tag/summary": Try(on(f"/tag/summary?{SPAN}")),
    "GET /global/spend/report": Try(on(f"/global/spend/report?{SPAN}")),
    "POST /global/spend/refresh": Try(on("/global/spend/refresh")),
    "POST /global/spend/reset": Try(on("/global/spend/reset")),
    "GET /spend/keys": Try(on("/spend/keys"), lists="key"),
    "GET /spend/users": Try(on("/spend/users"), lists="user_id"),
    "GET /key/spend/report": Try(on(f"/key/spend/report?{SPAN}&api_key={{key}}")),
    "GET /user/spend/report": Try(on(f"/user/spend/report?{SPAN}&internal_user_id={{user_id}}")),
    "GET /team/spend/report": Try(on(f"/team/spend/report?{SPAN}&team_id={{team_id}}")),
    "GET /team/spend/by_user": Try(on(f"/team/spend/by_user?{SPAN}&team_ids={{team_id}}")),
    "GET /organization/spend/report": Try(
        on(f"/organization/spend/report?{SPAN}&organization_id={{organization_id}}")
    ),
    "POST /spend/calculate": Try(
        on("/spend/calculate", model="gpt-4o-mini", messages=[{"role": "user", "content": "a"}])
    ),
    "POST /cost/estimate": Try(on("/cost/estimate", model="gpt-4o-mini", input_tokens=1, output_tokens=1)),
    "GET /focus/export": Try(on(f"/focus/export?{SPAN}")),
    **_receivers(),
    "GET /spend/capture_rate": Try(on(f"/spend/capture_rate?{SPAN}"), fine=(503,)),
    "GET /cost_optimization/prompt_caching/requests": Try(
        on(f"/cost_optimization/prompt_caching/requests?{SPAN}")
    ),
    "GET /provider/budgets": Try(on("/provider/budgets"), fine=(400,)),
}
