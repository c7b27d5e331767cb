"""Writes the reference of all config fields as Markdown.

`python -m tianji.config.describe > docs/reference/config-fields.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tianji.config.fields import ENVIRONMENT, TOP, Field, FieldTable, table
from tianji.config.kinds import asked_for

_HEAD = """\
# Config fields

Every field that a config file may hold, by section. Generated from the table that the gateway itself
reads (`libs/tianji/config/fields.tsv`); `docs/configuration.md` explains how to use it.

`litellm` in a name may also be written `tianji`: `tianji_settings`, `tianji_params`. A section's name ends
in `[]` when it is a list of such mappings, in `.*` when its entries have names of your own.
**works** means that the field does what it says. Anything else in that column says what happens instead;
`tianji check` and every start say it, too, once for each field that a config holds.
"""


def reference(fields: FieldTable) -> str:
    """Write the whole table as Markdown."""
    names = [name for name in fields.sections if name != ENVIRONMENT]
    parts = [_HEAD, *("\n".join(_section(fields, name)) for name in names), "\n".join(_variables(fields))]
    return "\n".join(parts)


def _section(fields: FieldTable, name: str) -> Iterator[str]:
    title = "The top level" if name == TOP else f"`{name}`"
    yield from (f"## {title}", "", "| field | holds | default | state |", "| --- | --- | --- | --- |")
    for field in fields.sections[name].values():
        yield _row(fields, field)
        for value, one in fields.values.get((name, field.name), {}).items():
            yield f"| `{field.name}: {value}` | | | {_state(fields, one)} |"
    yield ""


def _row(fields: FieldTable, field: Field) -> str:
    default = "**required**" if field.required else f"`{field.default}`" if field.default else ""
    return f"| `{field.name}` | {asked_for(field.kinds)} | {default} | {_state(fields, field)} |"


def _state(fields: FieldTable, field: Field) -> str:
    return "**works**" if field.status == "works" else field.instead or fields.about(field.section).later


def _variables(fields: FieldTable) -> Iterator[str]:
    yield from (f"## `{ENVIRONMENT}`", "")
    yield "Any name may be set here, and references may use it. Beyond that:"
    groups: dict[str, list[str]] = {}
    for field in fields.sections[ENVIRONMENT].values():
        groups.setdefault(_state(fields, field), []).append(f"`{field.name}`")
    for state, names in sorted(groups.items(), key=lambda group: group[0] != "**works**"):
        yield from ("", f"{state}: {', '.join(names)}.")
    yield ""


if __name__ == "__main__":
    sys.stdout.write(reference(table()))
