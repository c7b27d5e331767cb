"""IBM watsonx.ai: who asks and pays, where, and in which words."""

import json

import pytest

from tianji.providers.contract import UpstreamRequest
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Failed

VERSION = "?version=2024-03-13"
DALLAS = "https://us-south.ml.cloud.ibm.com/ml/v1"
TOOL = {
    "type": "function",
    "function": {
        "name": "now",
        "parameters": {"type": "object", "additionalProperties": False},
        "strict": True,
    },
}


def sent(upstream, fields, **body):
    request = upstream.request(ChatFront().read(fields(**body)))
    return request, json.loads(request.body)


def test_a_model_is_asked_by_name_and_paid_by_a_project(bound, fields):
    request, body = sent(bound("watsonx", "ibm/granite", project_id="p", token="t"), fields)
    streamed, streaming = sent(bound("watsonx", "ibm/granite", space_id="s"), fields, stream=True)

    assert request.url == f"{DALLAS}/text/chat{VERSION}"
    assert request.headers["authorization"] == "Bearer t"
    assert (body["model_id"], body["project_id"]) == ("ibm/granite", "p")
    assert streamed.url == f"{DALLAS}/text/chat_stream{VERSION}"
    assert streaming["space_id"] == "s"
    assert not {"model", "stream", "stream_options"} & (body.keys() | streaming.keys())


def test_a_deployment_knows_its_model_and_who_pays(bound, fields):
    upstream = bound("watsonx", "deployment/my-own", project_id="p", region_name="eu-de", api_version="v")
    request, body = sent(upstream, fields)

    assert request.url == "https://eu-de.ml.cloud.ibm.com/ml/v1/deployments/my-own/text/chat?version=v"
    assert list(body) == ["messages"]


@pytest.mark.parametrize("ending", ["", "/", "/ml/v1"])
def test_an_address_may_be_said_in_full(bound, ending):
    assert (
        bound("watsonx", api_base=f"http://a.test/x{ending}").url
        == f"http://a.test/x/ml/v1/text/chat{VERSION}"
    )


@pytest.mark.parametrize("name", ["watsonx", "watsonx_text"])
async def test_a_key_is_exchanged_for_a_token(bound, office, name):
    upstream = bound(
        name, api_key=f"key-of-{name}", environ={"WATSONX_IAM_URL": f"{office.url}/identity/token"}
    )
    other = bound(name, "other", api_key=f"key-of-{name}", watsonx_iam_url=f"{office.url}/identity/token")

    request = UpstreamRequest("https://a.test", b"")
    assert (
        await upstream.authorize(request) == await other.authorize(request) == {"authorization": "Bearer t1"}
    )
    assert office.asked == [
        {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": f"key-of-{name}"}
    ]


def test_cloud_pak_takes_a_key_of_its_own(bound):
    upstream = bound("watsonx", zen_api_key="z", api_key="k")

    assert upstream.headers["authorization"] == "ZenApiKey z"
    assert upstream.authorize is None


@pytest.mark.parametrize(
    ("choice", "seen"),
    [
        ("required", {"tool_choice_option": "required"}),
        (
            {"type": "function", "function": {"name": "now"}},
            {"tool_choice": {"type": "function", "function": {"name": "now"}}},
        ),
    ],
)
def test_tools_are_chosen_in_ibms_words(bound, fields, choice, seen):
    _, body = sent(
        bound("watsonx"), fields, tools=[TOOL], tool_choice=choice, user="u", safety_identifier="s"
    )

    assert {name: value for name, value in body.items() if name.startswith("tool_choice")} == seen
    assert body["tools"] == [
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
    ]
    assert not {"user", "safety_identifier"} & body.keys()


def test_text_generation_gets_a_prompt_and_a_limit(bound, fields):
    upstream = bound("watsonx_text", "ibm/granite", project_id="p", token="t")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    request, body = sent(upstream, fields, messages=messages, temperature=0.5, stop=["x"], min_new_tokens=2)

    assert request.url == f"{DALLAS}/text/generation{VERSION}"
    assert body == {
        "input": "Be brief.\n\nhi",
        "parameters": {
            "max_new_tokens": 1024,
            "temperature": 0.5,
            "stop_sequences": ["x"],
            "min_new_tokens": 2,
            "decoding_method": "sample",
        },
        "model_id": "ibm/granite",
        "project_id": "p",
    }
    assert sent(upstream, fields, stream=True)[0].url == f"{DALLAS}/text/generation_stream{VERSION}"


@pytest.mark.parametrize("name", ["watsonx", "watsonx_text"])
def test_an_error_inside_a_stream_keeps_its_status_and_code(bound, fields, name):
    told = {"errors": [{"code": "token_quota_reached", "message": "Used up."}], "status_code": 429}
    decoder = bound(name).stream(ChatFront().read(fields()))

    (failed,) = decoder.feed(f"event: error\ndata: {json.dumps(told)}\n\n".encode())
    assert isinstance(failed, Failed)
    assert (failed.status, failed.code) == (429, "token_quota_reached")
    assert failed.message.count("watsonx") == 1
    assert not decoder.complete


def test_a_generation_that_breaks_off_is_not_complete(bound, fields):
    decoder = bound("watsonx_text").stream(ChatFront().read(fields()))
    piece = {"results": [{"generated_text": "hi", "stop_reason": "not_finished"}]}

    assert decoder.feed(f"data: {json.dumps(piece)}\n\n".encode())
    decoder.close()
    assert not decoder.complete
