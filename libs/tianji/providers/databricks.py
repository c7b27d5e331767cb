"""Databricks' model serving: its own foundation models, and those of others behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._compatible import PASSES, PATH, TRANSLATED, connect
from tianji.providers._params import environment
from tianji.providers.anthropic import VERSION as CLAUDE_VERSION
from tianji.providers.auth.oauth import bearer, client_credentials
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.databricks.thoughts import think, thoughts_as_parts, without_empty_texts
from tianji.providers.dialects.databricks.upstream import DatabricksUpstream
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.quirks import ignoring, renaming
from tianji.providers.dialects.openai_chat.shapes import object_in_words
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.responses.upstream import beside

_SERVING, _INVOCATIONS = "/serving-endpoints", "/invocations"

PROFILE = Profile(
    title="Databricks",
    page="https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference",
    example="databricks/databricks-claude-sonnet-4-5",
    settings=(
        Setting(
            "api_base",
            "the workspace's serving endpoints, such as https://name.cloud.databricks.com/serving-endpoints",
            ("DATABRICKS_API_BASE", "DATABRICKS_HOST"),
            required=True,
        ),
        Setting(
            "api_key", "a personal access token", ("DATABRICKS_API_KEY", "DATABRICKS_TOKEN"), secret=True
        ),
        Setting("client_id", "a service principal, instead of a token", ("DATABRICKS_CLIENT_ID",)),
        Setting("client_secret", "its secret", ("DATABRICKS_CLIENT_SECRET",), secret=True),
        Setting("user_agent", "by what name requests are counted", ("DATABRICKS_USER_AGENT",)),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning cache_marks several"
        " stop responses messages"
    ),
    notes=(
        "A service principal gets tokens from the workspace itself; a token that the deployment names goes"
        " before it. Claude is spoken to in Anthropic's own format by clients that speak it, GPT by the"
        " Responses API."
    ),
)

_IGNORED = ignoring(("parallel_tool_calls", "user", "metadata", "store", "service_tier", "prompt_cache_key"))
_LIMIT = renaming({"max_completion_tokens": "max_tokens"})
_OF_CLAUDE = (
    system_for_developer,
    thoughts_as_parts,
    without_empty_texts,
    object_in_words,
    _IGNORED,
    _LIMIT,
    think,
)
_OF_OTHERS = (system_for_developer, without_foreign, _IGNORED, _LIMIT)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a serving endpoint."""
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    host = urlsplit(said["api_base"])
    path = host.path.rstrip("/")
    client, secret = said.get("client_id"), said.get("client_secret")
    authorize = None
    if client and secret and not deployment.params.get("api_key"):
        url = f"{host.scheme}://{host.netloc}/oidc/v1/token"
        authorize = bearer(
            client_credentials("databricks", url, client, secret, scope="all-apis", basic=True)
        )
    claude = "claude" in deployment.model.lower()
    whole = path.endswith(_INVOCATIONS)
    upstream = connect(
        PROFILE,
        deployment,
        options,
        DatabricksUpstream if claude else ChatUpstream,
        path=_INVOCATIONS if whole else PATH if path else _SERVING + PATH,
        headers={"user-agent": said["user_agent"]} if "user_agent" in said else None,
        quirks=_OF_CLAUDE if claude else _OF_OTHERS,
        asks_usage=False,
        speaks=TRANSLATED if claude else PASSES,
        authorize=authorize,
    )
    # Which formats are a model's own depends on its vendor; an endpoint that is named whole has one.
    upstream.others.clear()
    upstream.speaks = upstream.speaks - {"responses"}
    upstream.marks = upstream.budgets = claude
    serving = upstream.url.removesuffix(PATH)
    if claude and not whole:
        _add_messages(upstream, deployment, f"{serving}/anthropic/v1/messages")
    elif "gpt-" in deployment.model and "gpt-oss" not in deployment.model and not whole:
        beside(upstream, f"{serving}/responses")
    return upstream


def _add_messages(upstream: ChatUpstream, deployment: Deployment, url: str) -> None:
    """Let Claude take Anthropic's format as it is."""
    upstream.others["messages"] = MessagesUpstream(
        provider="databricks",
        model=read_model("databricks", deployment.model, deployment.params | deployment.info),
        url=url,
        headers=upstream.headers | {"anthropic-version": CLAUDE_VERSION},
        params=upstream.params,
        secret=upstream.secret,
        authorize=upstream.authorize,
    )
    upstream.speaks = upstream.speaks | {"messages"}
