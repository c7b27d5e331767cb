"""The API describes itself, to machines and to readers, without a key."""

from __future__ import annotations

import re

import msgspec
import pytest
import schemathesis

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_description_is_served_without_a_key(control) -> None:
    answer = await control.get("/openapi.json", key=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert told["openapi"] == "3.1.0" and told["info"]["title"] == "TianjiLLM"
    schemathesis.openapi.from_dict(told).validate()


async def test_the_description_is_the_same_as_yaml(control) -> None:
    told = (await control.get("/openapi.json")).json()
    answer = await control.get("/openapi.yaml", key=None)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/yaml")
    assert msgspec.yaml.decode(answer.body) == told


async def test_the_page_loads_nothing_from_elsewhere(control) -> None:
    answer = await control.get("/docs", key=None)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert re.findall(rb"(?:src|href)=[\"']?(?:https?:)?//", answer.body) == []


async def test_an_operation_says_what_it_takes_gives_and_refuses(control) -> None:
    told = (await control.get("/openapi.json")).json()
    made = told["paths"]["/key/generate"]["post"]
    assert made["x-permission"] == "key:create" and made["tags"] == ["keys"]
    assert made["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/KeyFields")
    assert made["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/KeyMade")
    assert {"400", "401", "403", "404", "409", "413", "422"} <= set(made["responses"])
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in made["parameters"]

    changed = told["paths"]["/team/update"]["post"]
    assert "412" in changed["responses"]
    assert {"$ref": "#/components/parameters/IfMatch"} in changed["parameters"]

    listed = {given["name"]: given for given in told["paths"]["/key/list"]["get"]["parameters"]}
    assert listed["size"]["schema"] | {"description": ""} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 10,
        "description": "",
    }
    assert told["components"]["schemas"]["KeyFields"]["properties"]["max_budget"]["anyOf"] == [
        {"type": "number"},
        {"type": "null"},
    ]
