"""How the test of the permission table calls the paths of reports."""

from __future__ import annotations

from tianji_testkit.permission_calls import Try, on

SPAN = "start_date=2026-02-01&end_date=2026-02-02"
LISTS = {"team": "key", "organization": "key", "user": "key"}


def _activity() -> dict[str, Try]:
    found: dict[str, Try] = {}
    for name in ("team", "organization", "user", "customer", "end_user", "tag"):
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
}
