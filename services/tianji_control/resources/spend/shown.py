"""Spend as answers show it: LiteLLM's columns, then ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tianji_control.resources.spend.store import BodiesRow, DaySum, LogRow


def log(row: LogRow, said: BodiesRow | None = None) -> dict[str, Any]:
    """Return one call, with what was said in it, if that was kept."""
    return {
        "request_id": row.response_id or str(row.id),
        "call_type": row.call_type,
        "api_key": row.key_hash,
        "spend": float(row.cost_usd),
        "total_tokens": row.input_tokens + row.output_tokens,
        "prompt_tokens": row.input_tokens,
        "completion_tokens": row.output_tokens,
        "startTime": _time(row.started_at),
        "endTime": _time(row.ended_at),
        "request_duration_ms": round((row.ended_at - row.started_at).total_seconds() * 1000),
        "completionStartTime": _time(row.first_token_at or row.ended_at),
        "model": row.upstream_model or row.model,
        "model_id": row.deployment_id,
        "model_group": row.model_group,
        "custom_llm_provider": row.provider,
        "api_base": row.api_base,
        "user": row.user_id or "",
        "metadata": _metadata(row),
        "cache_hit": "False",
        "cache_key": "Cache OFF",
        "request_tags": row.tags,
        "team_id": row.team_id,
        "organization_id": row.organization_id,
        "end_user": row.end_user,
        "requester_ip_address": row.client_ip,
        "messages": {} if said is None else _body(said.asked),
        "response": {} if said is None else _body(said.answered),
        "proxy_server_request": {},
        "session_id": row.session_id,
        "status": row.status,
        "mcp_namespaced_tool_name": None,
        "agent_id": row.agent_id,
        "litellm_call_id": str(row.id),
        "created_at": _time(row.written_at),
        "updated_at": _time(row.written_at),
        **_ours(row),
    }


def day_list(sums: Sequence[DaySum], last: date) -> list[dict[str, Any]]:
    """Return one entry a day, with empty ones from the last call on up to `last`."""
    days: dict[date, dict[str, Any]] = {
        one.day: {"users": one.users, "models": one.models, "spend": float(one.spend_usd)} | one.keys
        for one in sums
    }
    if days:
        newest = max(days)
        for ahead in range(1, (last - newest).days + 1):
            days[newest + timedelta(days=ahead)] = {"spend": 0, "users": {}, "models": {}}
    return [{**entry, "startTime": day.isoformat()} for day, entry in days.items()]


def _ours(row: LogRow) -> dict[str, Any]:
    return {
        "spend_usd": _plain(row.cost_usd),
        "priced": row.priced,
        "price_version": row.price_version,
        "http_status": row.http_status,
        "route": row.route,
        "requested_model": row.model,
        "stream": row.stream,
        "client_gone": row.client_gone,
        "attempts": row.attempts,
        "finish_reason": row.finish,
        "gateway_id": row.gateway_id,
        "snapshot": row.snapshot,
    }


def _body(text: str) -> Any:
    """Return a body as JSON where it is whole, else as text; a stream is its events."""
    try:
        return msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return text


def _metadata(row: LogRow) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "user_api_key": row.key_hash,
        "user_api_key_alias": row.key_alias,
        "user_api_key_user_id": row.user_id,
        "user_api_key_team_id": row.team_id,
        "user_api_key_team_alias": row.team_alias,
        "user_api_key_org_id": row.organization_id,
        "requester_ip_address": row.client_ip,
        "user_agent": row.user_agent,
        "status": row.status,
        "cost_breakdown": row.cost_parts,
        "usage_object": _usage(row),
    }
    if row.status != "success":
        facts["error_information"] = {
            "error_code": str(row.http_status),
            "error_class": row.error_type,
            "error_message": row.error_message,
        }
    return row.metadata | facts


def _usage(row: LogRow) -> dict[str, Any]:
    return {
        "prompt_tokens": row.input_tokens,
        "completion_tokens": row.output_tokens,
        "total_tokens": row.input_tokens + row.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": row.cache_read_tokens,
            "audio_tokens": row.input_audio_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": row.reasoning_tokens,
            "audio_tokens": row.output_audio_tokens,
        },
        "cache_read_input_tokens": row.cache_read_tokens,
        "cache_creation_input_tokens": row.cache_write_tokens,
        "web_searches": row.web_searches,
        "estimated": row.usage_estimated,
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _plain(amount: Decimal) -> str:
    """Return an amount as it is, without an exponent."""
    return f"{amount:f}"
