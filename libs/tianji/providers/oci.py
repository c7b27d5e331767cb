"""Oracle Cloud's Generative AI: Cohere's models, and those of all others by a generic chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._compatible import TRANSLATED
from tianji.providers._params import environment, read_params
from tianji.providers.auth.oci import SETTINGS, signer
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.oci.cohere import OracleDecoder, read, write
from tianji.providers.dialects.oci.generic import in_oracles_words
from tianji.providers.dialects.oci.upstream import GenericUpstream
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.translated import TranslatedUpstream

_PATH = "/20231130/actions/chat"
_DEDICATED = "DEDICATED"

PROFILE = Profile(
    title="Oracle Cloud Generative AI",
    page="https://docs.oracle.com/en-us/iaas/api/#/en/generative-ai-inference/20231130/ChatResult/Chat",
    example="oci/meta.llama-3.3-70b-instruct",
    settings=(
        Setting("api_base", "where the API is; that of the region where it is not said", ("OCI_API_BASE",)),
        Setting("oci_region", "the region", ("OCI_REGION",), default="us-ashburn-1"),
        Setting(
            "oci_compartment_id", "the compartment that pays, an OCID", ("OCI_COMPARTMENT_ID",), required=True
        ),
        Setting(
            "oci_serving_mode", "ON_DEMAND, or DEDICATED for a cluster of one's own", default="ON_DEMAND"
        ),
        Setting("oci_endpoint_id", "the endpoint of a dedicated cluster; else the model's name"),
        *SETTINGS,
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning citations several"
        " seed stop"
    ),
    notes=(
        "Requests are signed with a user's key. `cohere.…` speaks Cohere's format, which takes no pictures"
        " and no choice of a tool; every other model the generic one."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Oracle's Generative AI."""
    rules = read_params(deployment, options, [setting.name for setting in PROFILE.settings])
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    region = said["oci_region"]
    base = said.get("api_base") or f"https://inference.generativeai.{region}.oci.oraclecloud.com"
    url = base.removesuffix(_PATH) + _PATH
    model, provider, compartment = deployment.model, deployment.provider, said["oci_compartment_id"]
    serving: dict[str, Any] = {"servingType": "ON_DEMAND", "modelId": model}
    if said["oci_serving_mode"].upper() == _DEDICATED:
        serving = {"servingType": _DEDICATED, "endpointId": said.get("oci_endpoint_id", model)}
    headers = {"content-type": "application/json"} | rules.headers
    authorize = signer(said, deployment)
    if model.startswith("cohere."):
        return TranslatedUpstream(
            provider=provider,
            model=model,
            url=url,
            headers=headers,
            params=rules,
            authorize=authorize,
            write=lambda ask: write(ask, compartment, serving, rules, provider),
            read=lambda body, ask: read(body, provider, model),
            decoder=lambda ask: OracleDecoder(provider, model),
        )
    newer = model.startswith("openai.") and not model.startswith("openai.gpt-oss")
    limit = "maxCompletionTokens" if newer else "maxTokens"
    return GenericUpstream(
        provider=provider,
        model=model,
        url=url,
        headers=headers,
        params=rules,
        quirks=(
            system_for_developer,
            without_foreign,
            in_oracles_words(compartment, serving, limit=limit),
        ),
        asks_usage=False,
        authorize=authorize,
        speaks=TRANSLATED,
    )
