"""Binds a deployment of a vendor that speaks OpenAI's form: what rows and modules share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import environment, read_params
from tianji.providers._responses_only import without_prefix
from tianji.providers.contract import Profile, Setting, UpstreamRequest
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, Quirk
from tianji.providers.dialects.responses.upstream import ResponsesUpstream, beside

PATH = "/chat/completions"
PASSES = frozenset(("chat",))
"""For `speaks`: the vendor's answers are such that OpenAI's clients read them as they are."""
TRANSLATED: frozenset[str] = frozenset()
"""For `speaks`: its answers hold what OpenAI's clients do not read."""

Kind = TypeVar("Kind", bound=ChatUpstream)


def settings(
    base: str | None, bases: tuple[str, ...], keys: tuple[str, ...], *, needs_key: bool = False
) -> tuple[Setting, Setting]:
    """Return the two settings of every such vendor."""
    return (
        Setting("api_base", "where the API is", bases, required=base is None, default=base),
        Setting("api_key", "the key", keys, required=needs_key, secret=True),
    )


def connect(
    profile: Profile,
    deployment: Deployment,
    options: Mapping[str, Any],
    kind: type[Kind] = ChatUpstream,  # type: ignore[assignment]
    *,
    path: str = PATH,
    model: str | None = None,
    key_header: str = "authorization",
    key_scheme: str = "Bearer ",
    headers: Mapping[str, str] | None = None,
    quirks: tuple[Quirk, ...] = (),
    asks_usage: bool = True,
    speaks: frozenset[str] = PASSES,
    authorize: Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]] | None = None,
) -> Kind:
    """Bind a deployment at `api_base` with `api_key`, as the profile declares them.

    An `api_base` may also be the whole address: then it ends in `path`. A vendor whose profile names
    `responses` gets requests of that format as they are.
    """
    rules = read_params(deployment, options, [setting.name for setting in profile.settings])
    said = _credentials.read_settings(profile, deployment, environment(options))
    base, key = said["api_base"].rstrip("/"), said.get("api_key", "")
    out = {"content-type": "application/json", **(headers or {})}
    if key and authorize is None:
        out[key_header] = f"{key_scheme}{key}"
    upstream = kind(
        provider=deployment.provider,
        model=model or deployment.model,
        url=base if base.endswith(path) else base + path,
        headers=out | rules.headers,
        params=rules,
        secret=key,
        quirks=quirks,
        asks_usage=asks_usage,
        authorize=authorize,
        speaks=speaks,
        marks="cache_marks" in profile.supports,
    )
    if "responses" in profile.supports and not deployment.params.get("use_chat_completions_api"):
        beside(upstream, base.removesuffix(path) + "/responses")
    return upstream


def connect_responses(
    profile: Profile, deployment: Deployment, options: Mapping[str, Any]
) -> ResponsesUpstream:
    """Bind a deployment of a model that the vendor only serves by the Responses API."""
    chat: ChatUpstream = connect(profile, deployment, options)
    url = chat.url.removesuffix(PATH) + "/responses"
    model = without_prefix(chat.model)
    return ResponsesUpstream(chat.provider, model, url, chat.headers, chat.params, chat.secret)
