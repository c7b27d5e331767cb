"""One operation of the document: what a path takes, gives and refuses."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from starlette.convertors import IntegerConvertor, PathConvertor
from starlette.routing import Route

from tianji_control import idempotency, versions
from tianji_control.call import Guarded, Open, Text
from tianji_control.envelope import JSON
from tianji_control.openapi.refusals import open_refusals, refusals
from tianji_control.openapi.schemas import Schema, Schemas

SECURITY: list[dict[str, list[str]]] = [
    {"bearer": []},
    {"litellmKey": []},
    {"apiKey": []},
    {"azureKey": []},
    {"googleKey": []},
]
"""Where a key may be; any one of them."""

_SAID = re.compile(r"^(?:(?:GET|POST|PUT|PATCH|DELETE) [^:,]*(?:, )?)+(?:[:;] (?P<words>.*))?$")
_CONVERTOR = re.compile(r":\w+\}")


def template(route: Route) -> str:
    """Return a path as OpenAPI writes it."""
    return _CONVERTOR.sub("}", route.path)


def operation(route: Guarded | Open, method: str, schemas: Schemas) -> Schema:
    """Describe one method of a path."""
    told = _told(route.endpoint.__doc__)
    described: Schema = {
        "operationId": operation_id(method, route.path),
        "tags": [tag(route)],
        "summary": told[0] or _by_permission(route),
        "parameters": parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if told[1]:
        described["description"] = told[1]
    if isinstance(route, Guarded):
        described["x-permission"] = route.permission
    else:
        described["security"] = []
    if route.body is not None:
        content = {JSON: {"schema": schemas.of(route.body)}}
        needed = bool(schemas.whole(route.body).get("required"))
        described["requestBody"] = {"required": needed, "content": content}
    return described


def operation_id(method: str, path: str) -> str:
    """Return the name of an operation: its method and path."""
    return method.lower() + re.sub(r"\W+", "-", _CONVERTOR.sub("", path))


def tag(route: Guarded | Open) -> str:
    """Return the resource that a path belongs to."""
    parts = route.handler.__module__.split(".")
    return parts[parts.index("resources") + 1] if "resources" in parts else parts[1]


def tag_words(route: Guarded | Open) -> str:
    """Return what its module says of a resource."""
    package = route.handler.__module__.rpartition(".")[0]
    module = sys.modules.get(f"{package}.api") or sys.modules[route.handler.__module__]
    return _told(module.__doc__)[0]


def parameters(route: Guarded | Open, schemas: Schemas) -> list[Schema]:
    """Describe what a path takes in path, query and headers."""
    found = [_in_path(name, convertor) for name, convertor in route.param_convertors.items()]
    if route.query is not None:
        whole = schemas.whole(route.query)
        needed = whole.get("required", [])
        for name, schema in whole["properties"].items():
            found.append({"name": name, "in": "query", "required": name in needed, "schema": _plain(schema)})
    if not isinstance(route, Guarded):
        return found
    if route.once:
        found.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if route.conditional:
        found.append({"$ref": "#/components/parameters/IfMatch"})
    return found


def _in_path(name: str, convertor: Any) -> Schema:
    schema: Schema = {"type": "string"}
    if isinstance(convertor, IntegerConvertor):
        schema = {"type": "integer", "minimum": 0}
    elif not isinstance(convertor, PathConvertor):
        schema["minLength"] = 1
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _plain(schema: Schema) -> Schema:
    """Leave out null, which a query has no word for."""
    kept = {name: part for name, part in schema.items() if name != "default" or part is not None}
    options = [part for part in kept.pop("anyOf", []) if part != {"type": "null"}]
    if len(options) == 1:
        return kept | options[0]
    return kept | {"anyOf": options} if options else kept


def _responses(route: Guarded | Open, schemas: Schemas) -> Schema:
    good: Schema = {"description": "What was asked for.", "content": _content(route.gives, schemas)}
    if not isinstance(route, Guarded):
        down = {"503": good | {"description": "Not ready."}} if route.may_be_down else {}
        return {"200": good, **open_refusals(route), **down}
    headers = {}
    if route.method == "GET":
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
    if route.once:
        headers["Idempotent-Replayed"] = {"$ref": "#/components/headers/IdempotentReplayed"}
    if not good["content"]:
        del good["content"]
    return {str(route.status): good | ({"headers": headers} if headers else {}), **refusals(route)}


def _content(gives: Any, schemas: Schemas) -> Schema:
    if isinstance(gives, Text):
        text: Schema = {"type": "string"}
        return {kind: {"schema": text if kind.startswith("text/") else {}} for kind in gives.media_types}
    return {JSON: {"schema": {} if gives is None else schemas.of(gives)}}


def _told(doc: str | None) -> tuple[str, str]:
    """Split a docstring into its first line, without the path that it may begin with, and the rest."""
    first, _, rest = inspect.cleandoc(doc or "").partition("\n")
    found = _SAID.match(first)
    words = (found["words"] or "") if found else first
    words = words[:1].upper() + words[1:]
    return words.rstrip("."), " ".join(rest.split())


def _by_permission(route: Guarded | Open) -> str:
    if not isinstance(route, Guarded):
        return route.path
    verb = route.path.rstrip("/").rpartition("/")[2].strip("{}").replace("_", " ")
    return f"{verb.capitalize()} ({route.resource.replace('_', ' ')})"


HEADERS: Schema = {
    "ETag": {
        "description": "The version of the one object that is shown, for If-Match.",
        "schema": {"type": "string"},
    },
    "IdempotentReplayed": {
        "description": "`true` when this is the answer to an earlier request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
}
PARAMETERS: Schema = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Any text that no other request of yours has: sent again with the same key and body "
        f"within {idempotency.KEPT_FOR.total_seconds() // 3600:.0f} hours, the request is answered as it "
        "was the first time, and nothing is made twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST_KEY},
    },
    "IfMatch": {
        "name": versions.IF_MATCH,
        "in": "header",
        "required": False,
        "description": "The ETag of the object as you have read it, or *: refused with 412 when it was "
        "changed since.",
        "schema": {"type": "string"},
    },
}
