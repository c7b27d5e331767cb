"""Nothing that a client can send breaks the control plane: wrong types, sizes, texts, bytes and nesting."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator
from msgspec import Struct

from tianji_control.openapi.document import document
from tianji_control.routes import ROUTES

DOCUMENT = msgspec.json.decode(msgspec.json.encode(document(ROUTES)))
QUICK_TRIES = 2
TIMEOUT_S = 30
NOT_THERE_YET = 501

VALUES = (
    *("null", "true", '""', '" "', "0", "-1", "0.1", "1e308", "-1e308", "1e999", "NaN"),
    *("2147483648", "9223372036854775808", "9" * 400, '"9999999999999999"', '"\\u0000"', '"a\\u0000b"'),
    *('"\\ud800"', '"\\ud800\\udc00"', '"\U0001f4a9\u202e"', '"' + "x" * 20_000 + '"'),
    *("[]", "{}", "[[[]]]", "[null]", '[""]', '[{"a":null}]', '{"a":{"b":[1]}}', '{"\\u0000":1}'),
    *('"1d"', '"-1d"', '"99999999999d"', '"2026-02-30"', '"0000-00-00"', '"9999-12-31T23:59:59Z"'),
    *("'; DROP TABLE keys --".join('""'), '"%00%s{}"', "[" * 200 + "]" * 200, "[" * 50_000),
)
"""What a field may be filled with, as JSON; the last ones are no JSON at all."""
BODIES = (
    *(b"", b"null", b"[]", b"1", b'"text"', b"{", b"\xff\xfe", b"\x00", b'{"a":1', b'{"a":1}{"b":2}'),
    *(b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'{"nonsense":1,"nonsense":2}'),
)
TEXTS = (
    *("", "%20", "%00", "%ff", "%ed%a0%80", "%0d%0a", "-1", "0", "1e400", "nan", "true", "%5B%5D"),
    *("9" * 30, "x" * 5_000, "..%2F..", "%27%3B--", "%F0%9F%92%A9", "2026-13-01", "a%2Cb", "%25s"),
)
"""What a parameter of path and query may be filled with, percent-encoded."""
TYPES = (
    "application/json",
    "text/plain",
    "multipart/form-data",
    "application/json; charset=utf-16",
    "junk",
    "",
)


class Junk(Struct):
    """One request."""

    path: str
    body: bytes | None
    headers: dict[str, str]


def found(part: Any) -> Any:
    """Follow a reference."""
    while "$ref" in part:
        at: Any = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        part = at
    return part


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if "inference" not in operation["tags"]:
                yield method.upper(), path, operation


def requests_of(path: str, operation: Any, tries: int, chance: random.Random) -> Iterator[Junk]:
    """Give some requests that nobody in their right mind sends."""
    fields: list[str] = []
    if "requestBody" in operation:
        [content] = operation["requestBody"]["content"].values()
        fields = list(found(content["schema"]).get("properties", {}))
    parameters = [found(given) for given in operation["parameters"]]
    for _ in range(tries):
        where = path
        for given in parameters:
            if given["in"] == "path":
                filled = chance.choice(["x", "1", *TEXTS[1:]])
                where = where.replace(f"{{{given['name']}}}", filled)
        asked = [
            f"{given['name']}={chance.choice(TEXTS)}"
            for given in parameters
            if given["in"] == "query" and chance.random() < 0.4
        ]
        headers = {
            given["name"]: chance.choice(['"x"', "*", "x" * 300, ",", '"a","b"'])
            for given in parameters
            if given["in"] == "header" and chance.random() < 0.2
        }
        body = None
        if "requestBody" in operation:
            headers["content-type"] = chance.choice(TYPES) if chance.random() < 0.2 else TYPES[0]
            body = chance.choice(BODIES) if chance.random() < 0.2 else _body(fields, chance)
        yield Junk("?".join([where, "&".join(asked)]) if asked else where, body, headers)


def _body(fields: list[str], chance: random.Random) -> bytes:
    """Fill some fields; one of them with what is no JSON only now and then, as that hides the others."""
    values = VALUES if chance.random() < 0.1 else VALUES[:-1]
    chosen = chance.sample(fields, min(len(fields), chance.randint(1, 4)))
    parts = [f'"{name}":{chance.choice(values)}' for name in [*chosen, "unknown_field"]]
    return ("{" + ",".join(parts) + "}").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    list(operations()),
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_junk_is_refused_in_the_shape_of_the_description(
    target: Any, examples: int, method: str, path: str, operation: Any
) -> None:
    chance = random.Random(None if examples else f"{method} {path}")
    for junk in requests_of(path, operation, examples or QUICK_TRIES, chance):
        answer = target.session.request(
            method, target.url + junk.path, data=junk.body, headers=junk.headers, timeout=TIMEOUT_S
        )
        asked = f"{method} {junk.path[:300]} {(junk.body or b'')[:300]!r}"
        told = f"{asked}: {answer.status_code} {answer.text[:500]}"
        assert answer.status_code < 500 or answer.status_code == NOT_THERE_YET, told
        if str(answer.status_code) not in operation["responses"]:
            assert answer.status_code in (404, 405), told  # the path's own text made another path of it
            continue
        _check(found(operation["responses"][str(answer.status_code)]), answer, told)
    assert target.troubles() == []


def _check(described: Any, answer: Any, told: str) -> None:
    content = described["content"]
    kind = answer.headers["content-type"].split(";")[0]
    matching = [one for one in content if one.split(";")[0] == kind]
    assert matching, told
    schema = content[matching[0]]["schema"]
    if kind == "application/json":
        faults = Draft202012Validator(schema | {"components": DOCUMENT["components"]}).iter_errors(
            answer.json()
        )
        assert [fault.message for fault in faults] == [], told


def test_every_kind_of_faulty_body_is_refused(target: Any) -> None:
    for body in BODIES[1:]:
        answer = target.session.post(f"{target.url}/key/generate", data=body, timeout=TIMEOUT_S)
        kept = body == b'{"nonsense":1,"nonsense":2}'
        assert answer.status_code == 200 if kept else answer.status_code in (400, 422), body[:100]
