"""deltallm's layout (`general`, `router`, `cache`, `database`) as LiteLLM's sections.

A value that the config also gives in LiteLLM's layout keeps that one.
"""

from __future__ import annotations

from typing import Any

SECTIONS = ("general", "router", "cache", "database", "logging")
_STRATEGIES = {
    "simple": "simple-shuffle",
    "cost_optimized": "cost-based-routing",
    "latency_optimized": "latency-based-routing",
}


def adopt(sections: dict[str, Any]) -> None:
    """Move what the five sections say to where the rest of the code looks for it."""
    old = {name: sections.pop(name, None) or {} for name in SECTIONS}
    general = {
        "master_key": old["general"].get("master_key"),
        "database_url": old["database"].get("url"),
        "database_connection_pool_limit": old["database"].get("pool_size"),
    }
    router = {name: old["router"].get(name) for name in ("num_retries", "timeout")}
    if (strategy := old["router"].get("routing_strategy")) is not None:
        router["routing_strategy"] = _STRATEGIES.get(strategy, strategy)
    if (cooldowns := old["router"].get("enable_cooldowns")) is not None:
        router["disable_cooldowns"] = not cooldowns
    calls: dict[str, Any] = {}
    if old["cache"].get("mode") is not None:
        names = {"mode": "type", "redis_url": "url", "ttl": "ttl"}
        params = {names[name]: value for name, value in old["cache"].items() if name in names}
        calls = {"cache": True, "cache_params": params}
    for name, more in (
        ("general_settings", general),
        ("router_settings", router),
        ("litellm_settings", calls),
    ):
        given = {key: value for key, value in more.items() if value is not None}
        if given:
            sections[name] = {**given, **(sections.get(name) or {})}
