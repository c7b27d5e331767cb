"""The API's description is complete, and an OpenAPI document."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from tianji_control.call import Guarded, Open
from tianji_control.openapi.document import document
from tianji_control.openapi.operations import operation_id, template
from tianji_control.routes import ROUTES
from tianji_gateway.forward import forward
from tianji_gateway.routes import HERE, find

DOCUMENT = document(ROUTES)
GUARDED = [route for route in ROUTES if isinstance(route, Guarded)]
REPLACED = re.compile(r"\{model:path\}")
IN_CONTROL = {template(route) for route in ROUTES if isinstance(route, Guarded | Open)}


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def references(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(references, part))
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(references, part.values()))
    return set()


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
def test_every_path_declares_what_it_gives_and_takes(route: Guarded) -> None:
    assert route.gives is not None
    source = inspect.getsource(route.handler)
    if "call.query(" in source:
        assert route.query is not None
    if re.search(r"call\.(body|said)\(", source) and not route.param_convertors:
        assert route.body is not None


def test_every_path_of_the_control_plane_is_described() -> None:
    described = {name for name, _ in operations()}
    assert {f"{route.method} {template(route)}" for route in GUARDED} <= described


def test_every_path_of_the_gateway_is_described() -> None:
    served = {
        f"{method} {REPLACED.sub('{model}', path)}"
        for path, methods in HERE.items()
        for method in methods
        if path not in IN_CONTROL
    }
    described = {name for name, operation in operations() if operation["tags"] == ["inference"]}
    assert described == served


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml", "/docs"])
def test_the_gateways_port_serves_the_description_too(path: str) -> None:
    assert find("GET", path).endpoint is forward


def test_operations_have_names_of_their_own() -> None:
    ids = [operation["operationId"] for _, operation in operations()]
    assert len(set(ids)) == len(ids)
    assert operation_id("POST", "/key/{key:path}/regenerate") == "post-key-key-regenerate"


def test_what_is_referred_to_is_there() -> None:
    for reference in references(DOCUMENT):
        at: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            assert name in at, reference
            at = at[name]


def test_no_name_tells_of_modules() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if "." in name] == []


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_schemas_are_schemas(name: str) -> None:
    Draft202012Validator(DOCUMENT["components"]["schemas"][name] | {"components": DOCUMENT["components"]})


def test_every_operation_is_in_words_and_guarded_or_open() -> None:
    for name, operation in operations():
        assert operation["summary"], name
        assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
        needs_key = "x-permission" in operation or operation["tags"] == ["inference"]
        assert (operation.get("security") == []) is not needs_key, name
