"""Replays recorded exchanges of providers and looks for every fact at both ends.

The exchanges of the repository are few and written by hand; a larger collection is replayed too
where it stands next to the checkout.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tianji.domain.deployments import Deployment
from tianji.errors import UpstreamError
from tianji.providers import provider
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Ask
from tianji_testkit.facts import chat_facts, lost_in_answer, lost_in_request
from tianji_testkit.recorded import BESIDE, Exchange, recorded

OURS = Path(__file__).parent / "recorded"
APIS = (
    "openai/chat",
    "azure/chat",
    "azure_ai/chat",
    "anthropic/messages",
    "gemini/generateContent",
    "gemini/streamGenerateContent",
    "vertex_ai/generateContent",
    "vertex_ai/streamGenerateContent",
    "cohere/v1.chat",
    "cohere/v2.chat",
    "ollama/chat",
    "ollama/chat_openai",
    "ollama/generate",
    "replicate/ended",
    "replicate/stream",
    "huggingface/chat",
    "cloudflare/run",
    "ai21/chat",
    "text-completion-openai/completions",
    "text-completion-codestral/fim",
    "triton/generate",
    "triton/infer",
    "predibase/generate",
    "bedrock/converse",
    "bedrock/converse-stream",
    "bedrock/invoke",
    "bedrock/invoke-with-response-stream",
    "bedrock_mantle/chat",
    "sagemaker/invocations",
    "mistral/chat",
    "groq/chat",
    "deepseek/chat",
    "openrouter/chat",
    "perplexity/chat",
    "xai/chat",
    "together/chat",
    "fireworks/chat",
    "cerebras/chat",
    "moonshot/chat",
    "zai/chat",
    "dashscope/chat",
    "minimax/chat",
    "vllm/chat",
    "heroku/chat",
    "crusoe/chat",
    "portkey/chat",
    "snowflake/chat",
    "databricks/chat",
    "oci/chat",
    "sap_ai_core/orchestration",
    "watsonx/chat",
    "watsonx/generation",
    "watsonx/generation_stream",
    "local_openai_compat/chat",
)
EXCHANGES = recorded(OURS, *APIS) + recorded(BESIDE, *APIS)
ANSWERS = [one for one in EXCHANGES if one.status < 400]
ERRORS = [one for one in EXCHANGES if one.status >= 400]
REQUESTS = [one for one in EXCHANGES if one.openai_request and one.openai_request.get("messages")]

VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "cohere.v1.chat": ("cohere", {"api_base": "http://provider.test/v1"}),
    "ollama.chat_openai": ("openai", {}),
    "together.chat": ("together_ai", {}),
    "fireworks.chat": ("fireworks_ai", {}),
    "vllm.chat": ("hosted_vllm", {}),
    "portkey.chat": ("openai", {}),
    "local_openai_compat.chat": ("openai", {}),
    "sagemaker.invocations": (
        "sagemaker",
        {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"},
    ),
    "triton.infer": ("triton", {"api_base": "http://provider.test/v2/models/m/infer"}),
    "predibase.generate": ("predibase", {"predibase_tenant_id": "t"}),
    "sap_ai_core.orchestration": ("sap", {}),
    "oci.chat": (
        "oci",
        {
            "oci_compartment_id": "c",
            "oci_user": "u",
            "oci_tenancy": "t",
            "oci_fingerprint": "f",
            "oci_key": "k",
        },
    ),
    "watsonx.generation": ("watsonx_text", {}),
    "watsonx.generation_stream": ("watsonx_text", {}),
    "ollama.generate": ("ollama", {"api_base": "http://provider.test/api/generate"}),
}
"""The provider and the parameters of what is not reached by its folder's name alone."""

PREFIXES = {"bedrock.invoke": "invoke/", "bedrock.invoke-with-response-stream": "invoke/"}
"""What stands in front of a model's name to ask for this API of several."""

front = ChatFront()


def upstream_of(exchange: Exchange) -> Any:
    params = {"api_key": "sk-test", "api_base": "http://provider.test", "api_version": "2025-03-01-preview"}
    name, more = VARIANTS.get(exchange.api, (exchange.provider, {}))
    model = PREFIXES.get(exchange.api, "") + exchange.model
    deployment = Deployment(id="d", model_name="m", provider=name, model=model, params=params | more)
    return provider(name).bind(deployment, {"drop_params": True, "environment": {}})


def fields_of(exchange: Exchange) -> dict[str, msgspec.Raw]:
    body = dict(exchange.openai_request or {})
    if not body.get("messages"):
        body = {"messages": [{"role": "user", "content": "Hello"}]}
    body |= {"model": "m", "stream": exchange.stream}
    if exchange.stream:
        body["stream_options"] = {"include_usage": True}
    else:
        body.pop("stream_options", None)
    return msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw])


def ask_of(exchange: Exchange) -> Ask:
    return front.read(fields_of(exchange))


def answered(exchange: Exchange, ask: Ask) -> bytes:
    upstream = upstream_of(exchange)
    if not exchange.stream:
        return front.write(upstream.response(exchange.body, ask), ask)
    decoder, encoder = upstream.stream(ask), front.encoder(ask, model="m")
    written = b"".join(encoder.encode(decoder.feed(piece)) for piece in exchange.pieces())
    return written + encoder.encode(decoder.close()) + encoder.close()


@pytest.mark.parametrize("exchange", ANSWERS, ids=str)
def test_an_answer_keeps_every_fact(exchange: Exchange):
    got = chat_facts(answered(exchange, ask_of(exchange)), stream=exchange.stream)

    assert lost_in_answer(exchange, got) == []
    if exchange.expect.get("error"):
        assert got["error"]


@pytest.mark.parametrize("exchange", [one for one in ANSWERS if one.stream], ids=str)
def test_a_stream_that_passes_untouched_is_watched(exchange: Exchange):
    if "chat" not in upstream_of(exchange).speaks:
        return
    watch = front.watch(hide_usage=False)
    passed = b"".join(watch.feed(piece) for piece in exchange.pieces()) + watch.close()

    got = chat_facts(passed, stream=True)
    changed = any(words in exchange.body for words in (b'"error":', b'"reasoning":'))
    assert changed or passed.startswith(exchange.body)
    assert watch.complete or exchange.expect.get("error")
    assert watch.glance.finish == got["finish"]
    if got["usage"]:
        assert watch.glance.usage is not None
        assert watch.glance.usage.input_tokens == got["usage"]["prompt_tokens"]


@pytest.mark.parametrize("exchange", ERRORS, ids=str)
def test_an_error_keeps_its_class_and_the_providers_words(exchange: Exchange):
    error = upstream_of(exchange).error(exchange.status, exchange.headers, exchange.body)

    assert isinstance(error, UpstreamError)
    assert error.status // 100 == exchange.status // 100
    assert (exchange.expect["error"].get("message") or "")[:40] in error.message
    assert error.message in json.loads(front.error(error))["error"]["message"]


@pytest.mark.parametrize("exchange", REQUESTS, ids=str)
def test_a_request_keeps_every_fact(exchange: Exchange):
    upstream, ask = upstream_of(exchange), ask_of(exchange)
    sent = [upstream.request(ask)]
    if "chat" in upstream.speaks:
        sent.append(upstream.forward("chat", fields_of(exchange), stream=exchange.stream))

    for request in sent:
        assert lost_in_request(exchange, json.loads(request.body)) == []
