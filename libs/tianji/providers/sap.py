"""SAP's Generative AI Hub: models of many vendors behind the orchestration service of AI Core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import _credentials
from tianji.providers._compatible import TRANSLATED
from tianji.providers._params import environment, read_params
from tianji.providers.auth.sap import DEPLOYMENT, ServiceKey, authorizer, read_key
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import text_for_parts
from tianji.providers.dialects.openai_chat.quirks import ignoring
from tianji.providers.dialects.orchestration.request import orchestrate
from tianji.providers.dialects.orchestration.upstream import OrchestrationUpstream

_PATH = "/v2/completion"

PROFILE = Profile(
    title="SAP Generative AI Hub",
    page="https://help.sap.com/docs/sap-ai-core/sap-ai-core-service-guide/orchestration",
    example="sap/gpt-4o",
    settings=(
        Setting("api_base", "a deployment of orchestration; looked up in AI Core where it is not said"),
        Setting("api_key", "the service key as JSON, or a token", ("AICORE_SERVICE_KEY",), secret=True),
        Setting("aicore_auth_url", "who gives tokens, where there is no key", ("AICORE_AUTH_URL",)),
        Setting("aicore_client_id", "the program's name there", ("AICORE_CLIENT_ID",)),
        Setting("aicore_client_secret", "its secret", ("AICORE_CLIENT_SECRET",), secret=True),
        Setting("aicore_base_url", "where AI Core is", ("AICORE_BASE_URL",)),
        Setting("aicore_resource_group", "the resource group", ("AICORE_RESOURCE_GROUP",), default="default"),
        Setting("model_version", "the version of the model", default="latest"),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema logprobs several seed stop"
    ),
    notes=(
        "`filtering`, `masking`, `grounding` and `translation` of a request, or of a deployment, become"
        " modules of the orchestration. Texts that look like templates are sent as values, so that nothing"
        " is filled in there; who sends `placeholder_values` wants it filled in."
    ),
)

_IGNORED = ignoring(("user", "metadata", "store", "service_tier", "prompt_cache_key", "safety_identifier"))


def bind(deployment: Deployment, options: Mapping[str, Any]) -> OrchestrationUpstream:
    """Bind a model behind the orchestration service."""
    rules = read_params(deployment, options, [setting.name for setting in PROFILE.settings])
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    shown = said.get("api_key", "")
    read = read_key(shown)
    key, token = read or ServiceKey(), shown if read is None else ""
    named = {
        "client": said.get("aicore_client_id"),
        "secret": said.get("aicore_client_secret"),
        "auth_url": said.get("aicore_auth_url"),
        "base_url": said.get("aicore_base_url"),
    }
    key = structs.replace(
        key, **{name: value for name, value in named.items() if value and not getattr(key, name)}
    )
    base = said.get("api_base", "")
    if not token and not key.whole:
        raise BadRequest(
            "sap: a deployment needs api_key (the service key as JSON) or the variable AICORE_SERVICE_KEY",
            param="api_key",
        )
    if not base and not key.base_url:
        raise BadRequest(
            "sap: a deployment needs api_base or the variable AICORE_BASE_URL, where its key names no place",
            param="api_base",
        )
    return OrchestrationUpstream(
        provider="sap",
        model=deployment.model,
        url=f"{base.removesuffix(_PATH) or DEPLOYMENT}{_PATH}",
        headers={"content-type": "application/json"} | rules.headers,
        params=rules,
        secret=token or key.secret,
        quirks=(text_for_parts, without_foreign, _IGNORED, orchestrate(said["model_version"])),
        asks_usage=False,
        authorize=authorizer(key, token, said["aicore_resource_group"]),
        speaks=TRANSLATED,
    )
