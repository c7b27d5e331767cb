"""LiteLLM's and TianjiLLM's names for one thing: `tianji_params` is `litellm_params`.

Inside this package the table's spelling (`litellm_…`) is the canonical one; what leaves it is
named after the thing (`ModelEntry.params`).
"""

from __future__ import annotations

import re

_OURS = re.compile(r"(?:^|(?<=_))(?:tianji|proxyllm)(?=_)", re.IGNORECASE)


def canonical(name: str) -> str:
    """Return a field's canonical spelling: `default_tianji_params` is `default_litellm_params`."""
    if "tianji_" not in name.lower() and "proxyllm_" not in name.lower():
        return name
    return _OURS.sub(lambda found: "LITELLM" if found[0].isupper() else "litellm", name)
