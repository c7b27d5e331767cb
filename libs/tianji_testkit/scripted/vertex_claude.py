"""Claude on Vertex AI. Written from https://docs.anthropic.com/en/api/claude-on-vertex-ai."""

from __future__ import annotations

import re

from tianji_testkit.scripted.anthropic import Anthropic
from tianji_testkit.scripted.anthropic_turns import invalid
from tianji_testkit.scripted.contract import Asked, Refused, bearer, names

VERSION = "vertex-2023-10-16"
_PATH = re.compile(
    r"^(/v1|/v1beta1)?/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/[^/:]+:(rawPredict|streamRawPredict)$"
)
_BETAS = names(
    "compact-2026-01-12 computer-use-2025-01-24 computer-use-2025-11-24 context-1m-2025-08-07"
    " context-management-2025-06-27 interleaved-thinking-2025-05-14 tool-search-tool-2025-10-19"
    " web-search-2025-03-05"
)


class VertexClaude(Anthropic):
    """The same API but for its address, its token, and betas that it does not know."""

    fields = Anthropic.fields - {"model", "inference_geo", "mcp_servers", "container"} | {"anthropic_version"}

    def __init__(self, name: str, token: str) -> None:
        super().__init__(name, token)

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return _PATH.match(path) is not None

    def check_call(self, asked: Asked) -> None:
        """Want an access token, and no beta that is unknown here."""
        if not self.serves(asked.path):
            raise Refused("Not found", status=404, type="not_found_error")
        if not bearer(asked, self.key):
            raise Refused(
                "Request had invalid authentication credentials.", status=401, type="UNAUTHENTICATED"
            )
        unknown = set(filter(None, asked.headers.get("anthropic-beta", "").split(","))) - _BETAS
        if unknown:
            raise invalid(f"Unexpected value(s) `{min(unknown)}` for the `anthropic-beta` header.")

    def check_body(self, asked: Asked) -> None:
        """Want the version in the body."""
        if asked.json.get("anthropic_version") != VERSION:
            raise invalid("anthropic_version: Field required")
