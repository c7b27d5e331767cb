"""The whole document."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from starlette.routing import BaseRoute

from tianji_control.call import Guarded, Open, Text
from tianji_control.openapi import inference, refusals
from tianji_control.openapi.operations import (
    HEADERS,
    PARAMETERS,
    SECURITY,
    operation,
    operation_id,
    tag,
    tag_words,
    template,
)
from tianji_control.openapi.schemas import Schema, Schemas

_ABOUT = """\
One port serves it all: inference in the formats of OpenAI, Anthropic and Google, and the management API.

Keys travel as `Authorization: Bearer sk-…` or in one of the other headers below. Lists come in pages that
begin at 1. Creates take an `Idempotency-Key`; answers that show one object have an `ETag`, and changes take
it back as `If-Match`."""

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "litellmKey": {"type": "apiKey", "in": "header", "name": "x-litellm-api-key"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "azureKey": {"type": "apiKey", "in": "header", "name": "api-key"},
    "googleKey": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
}


def document(routes: Iterable[BaseRoute]) -> Schema:
    """Describe these paths of the control plane, and the gateway's own."""
    known = [route for route in routes if isinstance(route, Guarded | Open)]
    schemas = Schemas([refusals.Refusal, refusals.WrongFieldsBody, *_kinds(known)])
    paths: dict[str, Schema] = {}
    tags: dict[str, str] = {"inference": "Models: chat, messages, responses, content"}
    for route in known:
        tags.setdefault(tag(route), tag_words(route))
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            # As in the router, what stands first serves.
            paths.setdefault(template(route), {}).setdefault(
                method.lower(), operation(route, method, schemas)
            )
    for served in inference.SERVED:
        id = operation_id(served.method, served.path)
        paths.setdefault(served.path, {}).setdefault(
            served.method.lower(), inference.operation(served, id, SECURITY)
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "TianjiLLM", "version": version("tianji"), "description": _ABOUT},
        "security": SECURITY,
        "tags": [{"name": name, "description": words} for name, words in sorted(tags.items())],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas.components,
            "responses": refusals.responses(),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


def _kinds(routes: Iterable[Guarded | Open]) -> Iterable[Any]:
    for route in routes:
        for kind in (route.body, route.query, route.gives):
            if kind is not None and not isinstance(kind, Text):
                yield kind
