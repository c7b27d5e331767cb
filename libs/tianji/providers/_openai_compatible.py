"""Vendors that speak OpenAI's form and differ only in data: a row of `table.toml` each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import PATH, connect, connect_responses, settings
from tianji.providers._responses_only import only_responses
from tianji.providers.contract import Profile, Upstream, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign_but
from tianji.providers.dialects.openai_chat.messages import system_for_developer, text_for_parts, thoughts_as
from tianji.providers.dialects.openai_chat.quirks import ignoring, refusing, renaming
from tianji.providers.dialects.openai_chat.shapes import schema_in_words
from tianji.providers.dialects.openai_chat.upstream import Quirk


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One vendor."""

    base_url: str | None = None
    """None: each deployment must name its `api_base`."""
    api_base_env: list[str] = field(default_factory=list)
    api_key_env: list[str] = field(default_factory=list)
    needs_key: bool = False
    path: str = PATH
    key_header: str = "authorization"
    key_scheme: str = "Bearer "
    """What stands in front of the key in its header."""
    drop: list[str] = field(default_factory=list)
    """Parameters that the vendor refuses; they go only where `drop_params` says so."""
    ignore: list[str] = field(default_factory=list)
    """Parameters that the vendor refuses and no answer depends on; they always go."""
    rename: dict[str, str] = field(default_factory=dict)
    developer: bool = False
    """Whether the vendor knows the role `developer`; it becomes `system` where not."""
    text_only: bool = False
    """Whether `content` must be a string where it is only text."""
    strict: bool = False
    """Whether fields in messages that are not OpenAI's are refused."""
    thoughts: str = ""
    """What the vendor calls earlier thoughts in messages, if not `reasoning_content`."""
    schemas: bool = True
    """Whether `response_format` takes a schema; it is told in words where not."""
    include_usage: bool = True
    title: str = ""
    """The vendor's name; the row's own where there is none."""
    page: str = ""
    """The address of the vendor's API documentation."""
    example: str = "model-name"
    supports: str = "stream tools parallel_tools tool_choice json_object seed stop"
    """Features, parted by spaces."""
    notes: str = ""


def read_row(name: str, row: dict[str, Any]) -> Row:
    """Read a row; a wrong field in the table is a fault of this release and is told loudly."""
    try:
        return msgspec.convert(row, Row)
    except msgspec.ValidationError as error:
        raise RuntimeError(f"table.toml: [{name}]: {error}") from error


def profile(name: str, row: Row) -> Profile:
    """Return what a row declares, as a module would."""
    return Profile(
        title=row.title or name,
        page=row.page,
        example=f"{name}/{row.example}",
        settings=settings(
            row.base_url, tuple(row.api_base_env), tuple(row.api_key_env), needs_key=row.needs_key
        ),
        supports=features(row.supports),
        notes=row.notes,
    )


def bind(row: Row, deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of such a vendor."""
    declared = profile(deployment.provider, row)
    if "responses" in declared.supports and only_responses(deployment):
        return connect_responses(declared, deployment, options)
    return connect(
        declared,
        deployment,
        options,
        path=row.path,
        key_header=row.key_header,
        key_scheme=row.key_scheme,
        quirks=_quirks(row),
        asks_usage=row.include_usage,
    )


def _quirks(row: Row) -> tuple[Quirk, ...]:
    """Return what a row says, as changes of a request; in this order, since each sees the one before."""
    found: list[tuple[bool, Quirk]] = [
        (not row.schemas, schema_in_words),
        (not row.developer, system_for_developer),
        (bool(row.thoughts), thoughts_as(row.thoughts)),
        (row.strict, without_foreign_but(row.thoughts)),
        (row.text_only, text_for_parts),
        (bool(row.rename), renaming(row.rename)),
        (bool(row.ignore), ignoring(row.ignore)),
        (bool(row.drop), refusing(row.drop)),
    ]
    return tuple(quirk for wanted, quirk in found if wanted)
