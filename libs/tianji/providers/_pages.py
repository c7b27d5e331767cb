"""Writes a page for each provider from what it declares of itself.

`python -m tianji.providers._pages docs/providers` writes them all and removes those of providers
that are gone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tianji.providers._registry import names, profile
from tianji.providers.contract import FEATURES, Profile, Setting

_INDEX = "README.md"
_INDEX_HEAD = """\
# Providers

A model is named `provider/model` in a config; the first part is one of these. Each page is made from
what the gateway itself reads (`make docs`). A vendor that is not here but speaks OpenAI's chat completions
works as `openai/<model>` with an `api_base`. A name may be written with `-` in the place of `_`.
[What one format says and another lacks](../reference/translation.md) holds for all of them.

| provider | vendor | of its own |
| --- | --- | --- |
"""


_TOGETHER = {"aws_access_key_id": ("aws_secret_access_key", "aws_region_name")}
"""Settings that are of no use without others."""


def pages() -> dict[str, str]:
    """Return every page by its file's name."""
    found = {name: profile(name) for name in names()}
    out = {f"{name}.md": page(name, one) for name, one in found.items()}
    out[_INDEX] = _INDEX_HEAD + "".join(_row(name, one) for name, one in found.items())
    return out


def page(name: str, one: Profile) -> str:
    """Write one provider's page."""
    return "\n".join(
        (
            f"# {one.title} (`{name}`)\n",
            *_paragraph(one.notes),
            *_example(one),
            *_settings(one),
            *_supports(one),
            *_source(one),
        )
    )


def _row(name: str, one: Profile) -> str:
    formats = {"responses": "`/v1/responses`", "messages": "`/v1/messages`", "generate_content": "Google's"}
    spoken = ", ".join(text for feature, text in formats.items() if feature in one.supports)
    return f"| [{name}]({name}.md) | {one.title} | {spoken} |\n"


def _paragraph(text: str) -> Iterator[str]:
    if text:
        yield f"{text.strip()}\n"


def _example(one: Profile) -> Iterator[str]:
    yield "```yaml"
    yield "model_list:"
    yield "  - model_name: my-model"
    yield "    litellm_params:"
    yield f"      model: {one.example}"
    first = _first_secret(one)
    together = _TOGETHER.get(first.name, ()) if first is not None else ()
    for setting in one.settings:
        if setting.required or setting is first or setting.name in together:
            yield f"      {setting.name}: {_value(setting)}"
    yield "```\n"


def _first_secret(one: Profile) -> Setting | None:
    return next((setting for setting in one.settings if setting.secret), None)


def _value(setting: Setting) -> str:
    if setting.variables:
        return f"os.environ/{setting.variables[0]}"
    return setting.default or f"<{setting.about}>"


def _settings(one: Profile) -> Iterator[str]:
    if not one.settings:
        return
    yield "## Settings\n"
    yield "Under `litellm_params` (or `tianji_params`); where a deployment does not say one, the first of its"
    yield "variables that is set holds.\n"
    yield "| setting | what it is | variables | default |"
    yield "| --- | --- | --- | --- |"
    for setting in one.settings:
        name = f"`{setting.name}`" + (" (required)" if setting.required else "")
        variables = ", ".join(f"`{variable}`" for variable in setting.variables)
        default = f"`{setting.default}`" if setting.default else ""
        yield f"| {name} | {setting.about.replace('|', '/')} | {variables} | {default} |"
    yield ""


def _supports(one: Profile) -> Iterator[str]:
    yield "## What it takes\n"
    yield "| | |"
    yield "| --- | --- |"
    for feature, text in FEATURES.items():
        yield f"| {text} | {'yes' if feature in one.supports else 'no'} |"
    yield ""


def _source(one: Profile) -> Iterator[str]:
    if one.page:
        yield f"Written from [the vendor's documentation]({one.page}).\n"


def main(folder: Path) -> None:
    """Write all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for path in folder.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
