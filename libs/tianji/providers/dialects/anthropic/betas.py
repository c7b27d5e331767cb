"""Which of Anthropic's betas a request needs, told by what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

_IN_TOOLS = {
    b"computer_20241022": "computer-use-2024-10-22",
    b"computer_20250124": "computer-use-2025-01-24",
    b"computer_20251124": "computer-use-2025-11-24",
    b"code_execution_20250522": "code-execution-2025-05-22",
    b"code_execution_20250825": "code-execution-2025-08-25",
    b"web_fetch_20250910": "web-fetch-2025-09-10",
    b"memory_20250818": "context-management-2025-06-27",
    b"tool_search_tool_": "advanced-tool-use-2025-11-20",
    b"input_examples": "advanced-tool-use-2025-11-20",
    b"advisor_20260301": "advisor-tool-2026-03-01",
    b"mcp_toolset": "mcp-client-2025-11-20",
}
_BY_FIELD = {
    "output_format": "structured-outputs-2025-11-13",
    "context_management": "context-management-2025-06-27",
    "mcp_servers": "mcp-client-2025-04-04",
}


def betas_of(body: Mapping[str, Any]) -> list[str]:
    """Return the betas that a body needs, by names; its values may be undecoded."""
    found = {beta for name, beta in _BY_FIELD.items() if name in body}
    tools = _bytes(body.get("tools"))
    found |= {beta for mark, beta in _IN_TOOLS.items() if mark in tools}
    if "mcp-client-2025-11-20" in found:
        found.discard("mcp-client-2025-04-04")
    if b"compact_20260112" in _bytes(body.get("context_management")):
        found.add("compact-2026-01-12")
    if b"task_budget" in _bytes(body.get("output_config")):
        found.add("task-budgets-2026-03-13")
    if b'"skills"' in _bytes(body.get("container")):
        found.add("skills-2025-10-02")
    if b'"file_id"' in _bytes(body.get("messages")):
        found.add("files-api-2025-04-14")
    return sorted(found)


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    return bytes(value) if isinstance(value, Raw) else msgspec.json.encode(value)


def joined(*lists: str) -> str:
    """Join comma-separated lists of betas, each named once."""
    return ",".join(dict.fromkeys(name.strip() for one in lists for name in one.split(",") if name.strip()))
