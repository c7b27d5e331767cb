"""Whatever a provider answers: it is read, or it is an error of that provider; nothing else is raised."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import UpstreamError
from tianji.wire.chat import ChatFront
from tianji.wire.front import Front
from tianji.wire.messages import MessagesFront

FIXTURES = Path(__file__).parent / "recorded"
FOLDERS: dict[str, tuple[str, str]] = {
    "cohere/v2.chat": ("cohere", "command"),
    "cohere/v1.chat": ("cohere", "v1/command"),
    "ollama/chat": ("ollama", "llama3"),
    "ollama/generate": ("ollama", "llama3"),
    "replicate/ended": ("replicate", "me/mine"),
    "replicate/stream": ("replicate", "me/mine"),
    "cloudflare/run": ("cloudflare", "@cf/mine"),
    "text-completion-openai/completions": ("text-completion-openai", "davinci"),
    "text-completion-codestral/fim": ("text-completion-codestral", "codestral"),
    "triton/generate": ("triton", "mine"),
    "triton/infer": ("triton", "mine"),
    "watsonx/chat": ("watsonx", "ibm/granite"),
    "watsonx/generation": ("watsonx_text", "ibm/granite"),
    "watsonx/generation_stream": ("watsonx_text", "ibm/granite"),
    "snowflake/chat": ("snowflake", "claude-sonnet-4-5"),
    "databricks/chat": ("databricks", "databricks-claude-sonnet-4-5"),
    "sap_ai_core/orchestration": ("sap", "gpt-4o"),
    "oci/chat": ("oci", "meta.llama-3.3-70b-instruct"),
}
NEEDED: dict[str, dict[str, str]] = {
    "sap": {"api_key": "token"},
    "oci": {
        "oci_compartment_id": "c",
        "oci_user": "u",
        "oci_tenancy": "t",
        "oci_fingerprint": "f",
        "oci_key": "k",
    },
}
"""What a deployment must say besides where its provider is."""
ANSWERS = [(folder, path) for folder in FOLDERS for path in sorted((FIXTURES / folder).glob("*.json"))]
ODD: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "x", [], {}, ["a"], [{}], {"a": 1}, [[]], 10**20)
TIMES = 40
FRONTS: tuple[Front, ...] = (ChatFront(), MessagesFront())


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every place inside a JSON value."""
    if at:
        yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*at, key))


def spoilt(value: Any, chance: random.Random) -> Any:
    """Return a copy with one wrong value somewhere."""
    found = copy.deepcopy(value)
    known = list(places(found))
    if not known:
        return chance.choice(ODD)
    *way, last = chance.choice(known)
    holder = found
    for key in way:
        holder = holder[key]
    holder[last] = chance.choice(ODD)
    return found


def spoilt_stream(text: str, chance: random.Random) -> bytes:
    """Spoil one line of JSON in a stream."""
    lines = text.split("\n")
    at = chance.choice([number for number, line in enumerate(lines) if "{" in line])
    before, brace, after = lines[at].partition("{")
    lines[at] = before + json.dumps(spoilt(json.loads(brace + after), chance))
    return "\n".join(lines).encode()


@pytest.mark.parametrize(("folder", "path"), ANSWERS, ids=lambda one: getattr(one, "stem", None))
def test_a_spoilt_answer_is_read_or_refused(bound, fields, folder, path):
    name, model = FOLDERS[folder]
    needed = NEEDED.get(name, {})
    upstream, ask = bound(name, model, api_base="http://p.test", **needed), ChatFront().read(fields())
    recorded = json.loads(path.read_text())
    answer, chance = recorded["response"], random.Random(path.stem)

    for _ in range(TIMES):
        if recorded["stream"]:
            decoder = upstream.stream(ask)
            raw = spoilt_stream(answer.get("sse") or answer["ndjson"], chance)
            events = decoder.feed(raw) + decoder.close()
            for front in FRONTS:
                encoder = front.encoder(ask, model="m")
                encoder.encode(copy.deepcopy(events))
                encoder.close()
        elif answer["status"] >= 400:
            body = json.dumps(spoilt(answer["json"], chance)).encode()
            assert upstream.error(answer["status"], {}, body).message
        else:
            try:
                read = upstream.response(json.dumps(spoilt(answer["json"], chance)).encode(), ask)
            except UpstreamError as error:
                assert error.provider == name
            else:
                assert all(front.write(copy.deepcopy(read), ask) for front in FRONTS)
