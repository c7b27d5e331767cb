"""Snowflake Cortex: models of many vendors inside an account of Snowflake."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import _credentials
from tianji.providers._compatible import TRANSLATED
from tianji.providers._params import Params, environment, read_params
from tianji.providers.anthropic import VERSION as CLAUDE_VERSION
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.openai_chat.foreign import without, without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.quirks import renaming
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.providers.dialects.openai_chat.signed import budget_for_thinking, signed_thoughts
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, plain
from tianji.wire.neutral import Answer, Ask, Audio, Event, ToolCall

_KIND = "x-snowflake-authorization-token-type"
_PAT = "pat/"
"""What a config writes before a programmatic access token; any other key is a JWT signed by a key pair."""
_CHAT, _MESSAGES, _OLD = "/cortex/v1/chat/completions", "/cortex/v1/messages", "/cortex/inference:complete"
_HOST = ".snowflakecomputing.com"

PROFILE = Profile(
    title="Snowflake Cortex",
    page="https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api",
    example="snowflake/claude-sonnet-4-5",
    settings=(
        Setting(
            "api_base",
            "the API of the account, such as https://account.snowflakecomputing.com/api/v2",
            ("SNOWFLAKE_API_BASE",),
        ),
        Setting("account_id", "the account, instead of an address", ("SNOWFLAKE_ACCOUNT_ID",)),
        Setting(
            "api_key",
            "`pat/` and a programmatic access token, or a JWT signed by a key pair",
            ("SNOWFLAKE_API_KEY", "SNOWFLAKE_JWT"),
            secret=True,
        ),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_schema reasoning cache_marks messages"
    ),
    notes=(
        "Clients that speak Anthropic's format reach Claude by Snowflake's own `/messages`, all others by"
        " chat completions. Signed thoughts (`reasoning_details`) are kept across turns in every format."
    ),
)


class SnowflakeUpstream(ChatUpstream):
    """A deployment whose answers hold every field that there is, also where it is empty."""

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        answer = super().response(body, ask)
        for choice in answer.choices:
            choice.logprobs = _said(choice.logprobs)
            choice.blocks = [
                block for block in choice.blocks if not isinstance(block, Audio) or block.source.data
            ]
            for block in choice.blocks:
                if isinstance(block, ToolCall):
                    block.extra.pop("custom", None)
        return answer

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read a stream."""
        return _SnowflakeDecoder(self.provider)


class _SnowflakeDecoder(ChatDecoder):
    def _delta(self, out: list[Event], side: Side, delta: Any, logprobs: dict[str, Any] | None) -> None:
        super()._delta(out, side, delta, _said(logprobs))


def _said(logprobs: dict[str, Any] | None) -> dict[str, Any] | None:
    return logprobs if logprobs and any(logprobs.values()) else None


def _effort(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Say how much Claude may think by `reasoning`."""
    effort = plain(body.pop("reasoning_effort", None))
    if effort is None or "reasoning" in body:
        return []
    body["reasoning"] = effort if isinstance(effort, dict) else {"effort": effort}
    return ["reasoning_effort as reasoning"]


_LIMIT = renaming({"max_tokens": "max_completion_tokens"})
_OF_CLAUDE = (
    system_for_developer,
    signed_thoughts,
    without("reasoning_content", "reasoning"),
    budget_for_thinking,
    _effort,
    _LIMIT,
)
_OF_OTHERS = (system_for_developer, without_foreign, _LIMIT)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Snowflake Cortex."""
    rules = read_params(deployment, options, [setting.name for setting in PROFILE.settings])
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    base = root(said)
    key = said.get("api_key", "")
    token = key.removeprefix(_PAT)
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    if key:
        kind = "PROGRAMMATIC_ACCESS_TOKEN" if key.startswith(_PAT) else "KEYPAIR_JWT"
        headers |= {"authorization": f"Bearer {token}", _KIND: kind}
    headers |= rules.headers
    claude = "claude" in deployment.model.lower()
    upstream = SnowflakeUpstream(
        provider="snowflake",
        model=deployment.model,
        url=base + _CHAT,
        headers=headers,
        params=rules,
        secret=token,
        quirks=_OF_CLAUDE if claude else _OF_OTHERS,
        speaks=TRANSLATED,
        marks=claude,
        budgets=claude,
    )
    if claude:
        upstream.others["messages"] = MessagesUpstream(
            provider="snowflake",
            model=read_model("snowflake", deployment.model, deployment.params | deployment.info),
            url=base + _MESSAGES,
            headers=headers | {"anthropic-version": CLAUDE_VERSION},
            params=rules,
            secret=token,
        )
        upstream.speaks = upstream.speaks | {"messages"}
    return upstream


def root(said: Mapping[str, str]) -> str:
    """Return the address of the account's API; longer and shorter forms are taken too."""
    base = said.get("api_base", "")
    if not base:
        account = said.get("account_id")
        if not account:
            raise BadRequest(
                "snowflake: a deployment needs account_id or the variable SNOWFLAKE_ACCOUNT_ID",
                param="account_id",
            )
        base = f"https://{account}{_HOST}"
    for ending in (_CHAT, _MESSAGES, _OLD, "/cortex/v1"):
        base = base.removesuffix(ending)
    parts = urlsplit(base)
    if (parts.hostname or "").endswith(_HOST) and not parts.path.rstrip("/"):
        base = f"{parts.scheme}://{parts.netloc}/api/v2"
    return base.rstrip("/")
