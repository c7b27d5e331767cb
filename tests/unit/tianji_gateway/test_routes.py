"""Which path leads where."""

from __future__ import annotations

import pytest

from tianji.errors import NotImplementedYet, TianjiError
from tianji_gateway.endpoints import chat, generate_content, messages, models
from tianji_gateway.forward import forward
from tianji_gateway.routes import NOT_YET, find, front_of


@pytest.mark.parametrize(
    ("method", "path", "endpoint", "params"),
    [
        ("POST", "/v1/chat/completions", chat.completions, {}),
        ("POST", "/engines/a/b/chat/completions", chat.completions, {"model": "a/b"}),
        ("POST", "/openai/deployments/gpt-4/chat/completions", chat.completions, {"model": "gpt-4"}),
        ("POST", "/v1/messages", messages.create, {}),
        ("GET", "/v1/models", models.listed, {}),
        ("HEAD", "/v1/models", models.listed, {}),
        ("GET", "/v1/models/openai/gpt-4", models.one, {"model": "openai/gpt-4"}),
        ("POST", "/v1/models/a/b:c:generateContent", generate_content.generate, {"model": "a/b:c"}),
        ("POST", "/v1beta/models/m:streamGenerateContent", generate_content.stream, {"model": "m"}),
        ("POST", "/models/m:countTokens", generate_content.count_tokens, {"model": "m"}),
        ("GET", "/v1beta/models", models.listed_for_google, {}),
        ("GET", "/v1alpha/models/a/b", models.one_for_google, {"model": "a/b"}),
        ("GET", "/", forward, {}),
        ("POST", "/key/generate", forward, {}),
        ("GET", "/health/services", forward, {}),
        ("GET", "/v1/access_group", forward, {}),
    ],
)
def test_a_path_leads_to_its_endpoint(
    method: str, path: str, endpoint: object, params: dict[str, str]
) -> None:
    found = find(method, path)

    assert (found.endpoint, dict(found.params)) == (endpoint, params)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/embeddings",
        "/v1/files/x",
        "/openai/v1/embeddings",
        "/v1beta/files",
        "/mcp",
        "/v1/messages/batches",
    ],
)
def test_what_is_not_there_yet_is_not_forwarded(path: str) -> None:
    with pytest.raises(NotImplementedYet):
        find("POST", path)


def test_a_wrong_method_names_the_right_one() -> None:
    with pytest.raises(TianjiError) as told:
        find("DELETE", "/v1/models")

    assert (told.value.status, told.value.headers) == (405, {"allow": "GET"})


def test_a_path_that_only_begins_like_an_inference_path_is_forwarded() -> None:
    assert find("GET", "/filesystem").endpoint is forward


def test_what_is_not_there_yet_is_listed_in_order_and_once() -> None:
    assert list(NOT_YET) == sorted(set(NOT_YET))


def test_errors_are_written_in_the_format_of_the_path() -> None:
    assert front_of("/v1/messages/count_tokens").name == "messages"
    assert front_of("/v1/chat/completions").name == "chat"
    assert front_of("/v1/models/m:generateContent").name == "generate_content"
    assert front_of("/v1beta/models").name == "generate_content"
