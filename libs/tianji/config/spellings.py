"""LiteLLM's and TianjiLLM's names for one thing: `tianji_params` is `litellm_params`.

Inside this package the table's spelling (`litellm_…`) is the canonical one; what leaves it is
named after the thing (`ModelEntry.params`).
"""

from __future__ import annotations

import re

from tianji.config.problems import Problems
from tianji.config.tree import Entry, Node

_OURS = re.compile(r"(?:^|(?<=_))(?:tianji|proxyllm)(?=_)", re.IGNORECASE)


def canonical(name: str) -> str:
    """Return a field's canonical spelling: `default_tianji_params` is `default_litellm_params`."""
    if "tianji_" not in name.lower() and "proxyllm_" not in name.lower():
        return name
    return _OURS.sub(lambda found: "LITELLM" if found[0].isupper() else "litellm", name)


def joined(node: Node, problems: Problems, path: str) -> dict[str, Entry]:
    """Bring a mapping's entries to canonical names; two spellings of one mapping become one."""
    entries: dict[str, Entry] = {}
    for entry in node.entries.values():
        name = canonical(entry.name)
        other = entries.get(name)
        if other is None:
            entries[name] = entry
        elif isinstance(other.node.value, dict) and isinstance(entry.node.value, dict):
            both = {**other.node.value, **entry.node.value}
            entries[name] = Entry(entry.name, other.place, Node(both, other.node.place))
        else:
            where = f"{path}.{entry.name}" if path else entry.name
            problems.warn(entry.place, where, f"replaces {other.name}, another spelling of the same field")
            entries[name] = entry
    return entries
