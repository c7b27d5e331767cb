"""`/openapi.json`, `/openapi.yaml` and `/docs`: this API, for machines and for readers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tianji_control.call import Open, Text
from tianji_control.envelope import JSON
from tianji_control.openapi.document import document

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"


def describing(table: Sequence[BaseRoute]) -> list[Open]:
    """Return the paths that describe a table of paths, each made when it is first asked for."""

    @cache
    def as_json() -> bytes:
        return msgspec.json.encode(document(table))

    @cache
    def as_yaml() -> bytes:
        return msgspec.yaml.encode(document(table))

    @cache
    def page() -> bytes:
        return resources.files("tianji_control.openapi").joinpath("docs.html").read_bytes()

    async def serve_json(_: Request) -> Response:
        """GET /openapi.json: this document"""
        return Response(await asyncio.to_thread(as_json), media_type=JSON)

    async def serve_yaml(_: Request) -> Response:
        """GET /openapi.yaml: this document, as YAML"""
        return Response(await asyncio.to_thread(as_yaml), media_type="application/yaml")

    async def serve_page(_: Request) -> Response:
        """GET /docs: a page to read it"""
        return Response(page(), media_type="text/html", headers={"content-security-policy": _POLICY})

    return [
        Open("/openapi.json", serve_json, methods=["GET"], gives=dict[str, Any]),
        Open("/openapi.yaml", serve_yaml, methods=["GET"], gives=Text("application/yaml")),
        Open("/docs", serve_page, methods=["GET"], gives=Text("text/html")),
    ]
