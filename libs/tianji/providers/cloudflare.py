"""Cloudflare's Workers AI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import PATH, connect
from tianji.providers._params import environment
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.quirks import renaming
from tianji.providers.dialects.translated import TranslatedUpstream
from tianji.providers.dialects.workers_ai import answer, request

_RUN = "https://api.cloudflare.com/client/v4/accounts/{}/ai/run"
_BASE, _ACCOUNT = "CLOUDFLARE_API_BASE", "CLOUDFLARE_ACCOUNT_ID"
_QUIRKS = (system_for_developer, without_foreign, renaming({"max_completion_tokens": "max_tokens"}))

PROFILE = Profile(
    title="Cloudflare Workers AI",
    page="https://developers.cloudflare.com/workers-ai/models/",
    example="cloudflare/@cf/meta/llama-3.3-70b-instruct-fp8-fast",
    settings=(
        Setting(
            "api_base",
            f"where models are run; made from `account_id` or the variable {_ACCOUNT} where one is given",
            (_BASE,),
            required=True,
        ),
        Setting("api_key", "an API token", ("CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"), secret=True),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning seed stop"
    ),
    notes=(
        "Models are run by name (`/ai/run/<model>`). An `api_base` that ends in `/v1` calls Cloudflare's"
        " endpoint in OpenAI's form instead."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a model of Workers AI."""
    environ = _with_account(deployment, environment(options))
    options = {**options, "environment": environ}
    at = reach(PROFILE, deployment, options, apart=("account_id",))
    rules = at.rules
    if at.base.endswith(("/v1", PATH)):
        return connect(PROFILE, deployment, options, quirks=_QUIRKS)
    model, provider = deployment.model, deployment.provider
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=f"{at.base}/{model}",
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: request.write(ask, rules, provider),
        read=lambda body, ask: answer.read(body, provider, model),
        decoder=lambda ask: answer.WorkersDecoder(provider, model),
    )


def _with_account(deployment: Deployment, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the address of an account, where only that is said."""
    account = deployment.params.get("account_id") or environ.get(_ACCOUNT)
    if not account or (environ.get(_BASE) and "account_id" not in deployment.params):
        return environ
    return {**environ, _BASE: _RUN.format(account)}
