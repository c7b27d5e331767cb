"""Which models a key may use, and what the gateway says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from tianji.errors import Unavailable


async def _get(gateway: Any, path: str, key: str | None = "sk-alice-0123456789", **headers: str) -> Any:
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    async with gateway.session.get(gateway.url + path, headers=headers) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("path", ["/v1/models", "/models"])
async def test_models_are_listed_as_openai_does(gateway: Any, path: str) -> None:
    gateway.serve("claude")
    status, body = await _get(gateway, path)

    assert status == 200
    assert body["object"] == "list"
    assert [model["id"] for model in body["data"]] == ["gpt-4o-mini", "claude"]
    assert body["data"][0] == {
        "id": "gpt-4o-mini",
        "object": "model",
        "created": 1677610602,
        "owned_by": "openai",
    }


async def test_models_are_listed_as_anthropic_does_for_its_clients(gateway: Any) -> None:
    _, body = await _get(gateway, "/v1/models", **{"anthropic-version": "2023-06-01"})

    assert (body["first_id"], body["has_more"]) == ("gpt-4o-mini", False)
    assert body["data"][0]["type"] == "model"


async def test_anthropics_clients_turn_pages_in_both_directions(gateway: Any) -> None:
    for name in ("b", "c", "d"):
        gateway.serve(name)
    version = {"anthropic-version": "2023-06-01"}

    async def page(query: str) -> tuple[list[str], bool]:
        _, body = await _get(gateway, f"/v1/models?{query}", **version)
        names = [model["id"] for model in body["data"]]
        assert (body["first_id"], body["last_id"]) == (names[0], names[-1])
        return names, body["has_more"]

    assert await page("limit=2") == (["gpt-4o-mini", "b"], True)
    assert await page("limit=2&after_id=b") == (["c", "d"], False)
    assert await page("limit=2&before_id=d") == (["b", "c"], True)
    assert (await _get(gateway, "/v1/models?limit=none", **version))[0] == 400
    assert (await _get(gateway, "/v1/models?after_id=none", **version))[0] == 400
    assert (await _get(gateway, "/v1/models/b", **version))[1]["type"] == "model"


async def test_models_are_listed_as_google_does_on_its_paths_and_for_its_clients(gateway: Any) -> None:
    gateway.serve("b")
    _, body = await _get(gateway, "/v1beta/models?pageSize=1")
    _, rest = await _get(gateway, f"/v1beta/models?pageToken={body['nextPageToken']}")

    assert [model["name"] for model in body["models"] + rest["models"]] == ["models/gpt-4o-mini", "models/b"]
    assert "nextPageToken" not in rest
    _, same = await _get(gateway, "/v1/models", None, **{"x-goog-api-key": "sk-alice-0123456789"})
    assert [model["name"] for model in same["models"]] == ["models/gpt-4o-mini", "models/b"]
    assert (await _get(gateway, "/v1beta/models/b"))[1]["baseModelId"] == "b"


async def test_a_key_sees_only_what_it_may_use(gateway: Any) -> None:
    gateway.serve("claude")
    gateway.people.add("sk-narrow", models=["claude"])
    _, body = await _get(gateway, "/v1/models", "sk-narrow")

    assert [model["id"] for model in body["data"]] == ["claude"]
    assert (await _get(gateway, "/v1/models/gpt-4o-mini", "sk-narrow"))[0] == 404
    assert (await _get(gateway, "/v1/models/claude", "sk-narrow"))[1]["id"] == "claude"


async def test_models_are_for_known_keys(gateway: Any) -> None:
    assert (await _get(gateway, "/v1/models", None))[0] == 401


@pytest.mark.parametrize("path", ["/health/liveliness", "/health/liveness"])
async def test_a_running_process_is_alive(gateway: Any, path: str) -> None:
    assert await _get(gateway, path, None) == (200, "I'm alive!")


async def test_a_gateway_with_a_snapshot_is_ready_whatever_else_is_down(gateway: Any) -> None:
    status, body = await _get(gateway, "/health/readiness", None)

    assert status == 200
    assert body["snapshot"]["revision"] == 7
    assert body["servers"] == {"nats": "not reachable"}


async def test_a_gateway_that_refuses_calls_for_its_disk_is_not_ready(gateway: Any) -> None:
    gateway.books.writable = False
    serving, said = await _get(gateway, "/health/readiness", None)
    gateway.books.refuse = Unavailable("the disk is full")
    async with gateway.chat() as refused:
        assert refused.status == 503
    status, body = await _get(gateway, "/health/readiness", None)

    assert (serving, said["status"], said["spool"]) == (200, "healthy", "not writable")
    assert (status, body["spool"]) == (503, "not writable")
    assert "cannot be recorded" in body["status"]


async def test_health_tells_the_deployments_to_the_admin_only(gateway: Any) -> None:
    status, body = await _get(gateway, "/health", "sk-master")

    assert status == 200
    assert (body["healthy_count"], body["unhealthy_count"]) == (1, 0)
    assert body["healthy_endpoints"][0]["model"] == "openai/gpt-4o-mini"
    assert (await _get(gateway, "/health"))[0] == 403


async def test_metrics_count_requests(gateway: Any) -> None:
    async with gateway.chat() as answer:
        assert answer.status == 200
    async with gateway.session.get(gateway.url + "/metrics") as answer:
        text = await answer.text()

    assert 'litellm_proxy_total_requests_metric_total{requested_model="gpt-4o-mini"' in text
    assert "litellm_llm_api_latency_metric_count" in text


@pytest.mark.parametrize(
    ("pattern", "deployment", "shown"),
    [
        ("openai/*", {"provider": "openai", "model": "*"}, "openai/gpt-4o"),
        ("mine-*", {"provider": "openai", "model": "gpt-*"}, "mine-4o"),
    ],
)
async def test_a_wildcard_is_listed_as_the_models_that_are_known(
    gateway: Any, pattern: str, deployment: dict[str, Any], shown: str
) -> None:
    gateway.serve(pattern, deployment)
    gateway.people.add("sk-one", models=[shown])
    gateway.people.add("sk-all", models=[pattern])
    gateway.people.add("sk-none", models=["other"])

    async def names(key: str) -> list[str]:
        _, body = await _get(gateway, "/v1/models", key)
        return [model["id"] for model in body["data"]]

    assert shown in await names("sk-master")
    assert shown in await names("sk-all")
    assert await names("sk-one") == [shown]
    assert await names("sk-none") == []
    assert pattern not in await names("sk-master")
