"""Field names of Google's API: camelCase in its JSON, the protocol buffers' snake_case holds too."""

from __future__ import annotations

from functools import lru_cache

from tianji.wire.values import Object, mapping

DIALECT = "generate_content"


@lru_cache(maxsize=512)
def camel(name: str) -> str:
    """Return a name in camelCase."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def fields(value: object, at: str) -> Object:
    """Read an object, its own field names in camelCase; what is inside is left alone."""
    return {camel(name): inner for name, inner in mapping(value, at).items()}
