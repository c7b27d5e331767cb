"""Where requests to Vertex AI go, in which format, and with whose credentials."""

import json
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.providers._vertex import Place, offer_of
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront

chat, messages = ChatFront(), MessagesFront()
ACCOUNT = {"type": "service_account", "project_id": "p", "client_email": "a@p", "private_key": "hidden"}
ROOT = "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-central1"
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}


@pytest.fixture
def asked(bound, fields):
    """Send a chat request to a model on Vertex AI."""

    def ask(model: str, *, stream: bool = False, body: Any = None, **params: Any) -> Any:
        upstream = bound("vertex_ai", model, **({"vertex_credentials": ACCOUNT} | params))
        return upstream.request(chat.read(fields(stream=stream, **(body or {}))))

    return ask


@pytest.mark.parametrize(
    ("model", "address", "streams_at"),
    [
        (
            "gemini-2.5-pro",
            "/publishers/google/models/gemini-2.5-pro:generateContent",
            ":streamGenerateContent?alt=sse",
        ),
        (
            "claude-sonnet-4-5@20250929",
            "/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
            "",
        ),
        ("mistral-medium-3@001", "/publishers/mistralai/models/mistral-medium-3@001:rawPredict", ""),
        ("jamba-1.5-mini@001", "/publishers/ai21/models/jamba-1.5-mini@001:rawPredict", ""),
        ("meta/llama-4-scout-17b-16e-instruct-maas", "/endpoints/openapi/chat/completions", None),
        ("openai/gpt-oss-20b-maas", "/endpoints/openapi/chat/completions", None),
        ("openai/123456", "/endpoints/123456/chat/completions", None),
        ("gemini/123456", "/endpoints/123456:generateContent", ":streamGenerateContent?alt=sse"),
        ("123456", "/endpoints/123456:generateContent", ":streamGenerateContent?alt=sse"),
        (
            "publishers/anthropic/models/claude-opus-4",
            "/publishers/anthropic/models/claude-opus-4:rawPredict",
            "",
        ),
    ],
)
def test_a_model_is_asked_where_its_publisher_offers_it(asked, model, address, streams_at):
    assert asked(model).url == ROOT + address
    expected = (
        address if streams_at is None else address.partition(":")[0] + (streams_at or ":streamRawPredict")
    )
    assert asked(model, stream=True).url == ROOT + expected


def test_open_models_are_named_with_their_publisher_in_the_body(asked):
    assert (
        json.loads(asked("llama-3.3-70b-instruct-maas").body)["model"] == "meta/llama-3.3-70b-instruct-maas"
    )
    assert json.loads(asked("mistral-medium-3@001").body)["model"] == "mistral-medium-3"


def test_claude_is_told_the_version_and_no_model(asked, bound, fields):
    body = json.loads(asked("claude-sonnet-4-5@20250929", stream=True).body)
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in body
    assert body["max_tokens"] == 64000

    upstream = bound("vertex_ai", "claude-sonnet-4-5", vertex_credentials=ACCOUNT)
    request = upstream.forward("messages", fields(max_tokens=5, stream=True), stream=True)
    assert request.url.endswith(":streamRawPredict")
    assert json.loads(request.body) == {
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "stream": True,
        "anthropic_version": "vertex-2023-10-16",
    }
    assert request.authorize is not None


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "https://aiplatform.googleapis.com/"),
        ("us", "https://aiplatform.us.rep.googleapis.com/"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com/"),
    ],
)
def test_each_location_has_its_host(asked, location, host):
    url = asked("gemini-2.5-pro", vertex_location=location).url

    assert url.startswith(host)
    assert f"/locations/{location}/" in url


def test_the_newest_models_are_asked_everywhere_unless_a_location_is_said(asked):
    assert "/locations/global/" in asked("gemini-3-flash-preview").url
    assert "/locations/eu/" in asked("gemini-3-flash-preview", environ={"VERTEX_LOCATION": "eu"}).url


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://a.test/x", "https://a.test/x/v1beta1/projects/p/locations/l/publishers/google/models/m"),
        ("https://a.test/v1", "https://a.test/v1/projects/p/locations/l/publishers/google/models/m"),
        (
            "https://a.test/v1/projects/q/locations/k",
            "https://a.test/v1/projects/q/locations/k/publishers/google/models/m",
        ),
        ("https://a.test/v1/publishers/google/models/n", "https://a.test/v1/publishers/google/models/n"),
    ],
)
def test_a_proxy_may_stand_for_any_part_of_the_address(base, url):
    assert Place("p", "l", base).of(offer_of("m").path) == url


def test_the_project_is_said_or_that_of_the_credentials(asked, tmp_path):
    kept = tmp_path / "account.json"
    kept.write_text(json.dumps(ACCOUNT | {"project_id": "kept"}))

    assert "/projects/q/" in asked("gemini-2.5-pro", vertex_project="q").url
    assert "/projects/p/" in asked("gemini-2.5-pro", vertex_credentials=json.dumps(ACCOUNT)).url
    assert "/projects/kept/" in asked("gemini-2.5-pro", vertex_credentials=str(kept)).url
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(kept)}
    assert "/projects/kept/" in asked("gemini-2.5-pro", vertex_credentials=None, environ=environ).url
    assert "/projects/{project}/" in asked("gemini-2.5-pro", vertex_credentials=USER).url


def test_a_key_needs_no_project(asked):
    request = asked("gemini-2.5-pro", vertex_credentials=None, api_key="secret-key")

    assert request.headers["x-goog-api-key"] == "secret-key"
    assert request.authorize is None
    assert "/v1beta1/publishers/google/models/gemini-2.5-pro:" in request.url
    assert "/projects/" not in request.url


def test_deployments_made_by_a_call_read_no_files_and_send_nothing_of_the_machine_elsewhere(asked, tmp_path):
    made = {"source": "api", "vertex_project": "p"}
    kept = tmp_path / "account.json"
    kept.write_text(json.dumps(ACCOUNT))
    spying = {"type": "external_account", "credential_source": {"file": "/etc/passwd"}}

    for credentials in (str(kept), spying):
        with pytest.raises(BadRequest, match="service account"):
            asked("gemini-2.5-pro", vertex_credentials=credentials, **made)
    with pytest.raises(BadRequest, match="service account"):
        asked("gemini-2.5-pro", vertex_credentials=None, api_base="https://a.test", **made)
    assert asked("gemini-2.5-pro", api_base="https://a.test", **made).authorize is not None
    assert asked("gemini-2.5-pro", vertex_credentials=None, **made).authorize is not None


def test_broken_credentials_are_not_quoted(asked):
    with pytest.raises(BadRequest, match="not valid JSON") as caught:
        asked("gemini-2.5-pro", vertex_credentials='{"private_key": "hidden')
    assert "hidden" not in caught.value.message


def test_the_older_name_is_the_same_provider(bound):
    upstream = bound("vertex_ai_beta", "gemini-2.5-pro", vertex_credentials=ACCOUNT)

    assert upstream.url == f"{ROOT}/publishers/google/models/gemini-2.5-pro"
    assert "hidden" not in repr(upstream)
