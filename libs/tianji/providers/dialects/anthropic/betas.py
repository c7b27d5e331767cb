"""Which of Anthropic's betas a request needs, told by what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from tianji.wire.quoted import Quoted

_FILES = Quoted("file_id")
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

_EVERYWHERE = frozenset(
    (
        "advanced-tool-use-2025-11-20",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "dangerous-tool-use-2026-09-03",
        "interleaved-thinking-2025-05-14",
        "per-turn-control-2026-07-01",
        "thinking-binding-controls-2026-08-01",
        "thinking-display-updates-2026-08-18",
        "web-search-2025-03-05",
    )
)
_TOOL_SEARCH = "tool-search-tool-2025-10-19"
_CLOUDS: Mapping[str, frozenset[str]] = {
    "vertex_ai": _EVERYWHERE
    | {
        _TOOL_SEARCH,
        "compact-2026-01-12",
        "compact-2026-09-04",
        "inline-tools-2026-09-15",
        "mid-conversation-tool-changes-2026-07-01",
    },
    "azure_ai": _EVERYWHERE
    | {
        "code-execution-2025-08-25",
        "compact-2026-09-04",
        "effort-2025-11-24",
        "files-api-2025-04-14",
        "mcp-client-2025-04-04",
        "mcp-client-2025-11-20",
        "mid-conversation-tool-changes-2026-07-01",
        "prompt-caching-scope-2026-01-05",
        "skills-2025-10-02",
        "structured-outputs-2025-11-13",
        "web-fetch-2025-09-10",
    },
    "bedrock_mantle": _EVERYWHERE
    | {
        _TOOL_SEARCH,
        "claude-code-20250219",
        "compact-2026-01-12",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "output-128k-2025-02-19",
        "structured-outputs-2025-11-13",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
    },
}
"""The betas that clouds know which serve Claude beside Anthropic; others they answer with 400."""
_NAMED_ANEW: Mapping[str, str] = {"advanced-tool-use-2025-11-20": _TOOL_SEARCH}
"""What two of them call by another name."""


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
    if _FILES.among(_bytes(body.get("messages"))):
        found.add("files-api-2025-04-14")
    return sorted(found)


def served(provider: str, *lists: str) -> str:
    """Join lists of betas, leaving out those that a cloud would refuse the whole request for."""
    known, all_of_them = _CLOUDS.get(provider), joined(*lists)
    if known is None:
        return all_of_them
    anew = _NAMED_ANEW if _TOOL_SEARCH in known else {}
    return joined(*(anew.get(name, name) for name in all_of_them.split(",") if name in known))


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    return bytes(value) if isinstance(value, Raw) else msgspec.json.encode(value)


def joined(*lists: str) -> str:
    """Join comma-separated lists of betas, each named once."""
    return ",".join(dict.fromkeys(name.strip() for one in lists for name in one.split(",") if name.strip()))
