"""Vendors that speak OpenAI's form and differ only in data: a row of `table.toml` each."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec
from msgspec import Struct, field

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One vendor."""

    base_url: str | None = None
    """None: each deployment must name its `api_base`."""
    api_base_env: list[str] = field(default_factory=list)
    api_key_env: list[str] = field(default_factory=list)
    needs_key: bool = False
    path: str = "/chat/completions"
    drop: list[str] = field(default_factory=list)
    """Parameters that the vendor refuses; they go only where `drop_params` says so."""
    rename: dict[str, str] = field(default_factory=dict)
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
    base = Setting(
        "api_base",
        "where the API is",
        tuple(row.api_base_env),
        required=row.base_url is None,
        default=row.base_url,
    )
    key = Setting("api_key", "the key", tuple(row.api_key_env), required=row.needs_key, secret=True)
    return Profile(
        title=row.title or name,
        page=row.page,
        example=f"{name}/{row.example}",
        settings=(base, key),
        supports=features(row.supports),
        notes=row.notes,
    )


def bind(row: Row, deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of such a vendor."""
    environ, rules = environment(options), read_params(deployment, options)
    name = deployment.provider
    said = _credentials.read_settings(profile(name, row), deployment, environ)
    base, key = said["api_base"], said.get("api_key", "")
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"

    def suit(body: MutableMapping[str, Any], params: Params) -> list[str]:
        return _suit(row, body, params)

    return ChatUpstream(
        provider=name,
        model=deployment.model,
        url=base.rstrip("/") + row.path,
        headers=headers | rules.headers,
        params=rules,
        secret=key,
        quirks=(suit,) if row.drop or row.rename else (),
        asks_usage=row.include_usage,
    )


def _suit(row: Row, body: MutableMapping[str, Any], params: Params) -> list[str]:
    changed = []
    for old, new in row.rename.items():
        if old in body:
            body.setdefault(new, body[old])
            del body[old]
            changed.append(f"renamed {old} to {new}")
    for name in row.drop if params.drop else ():
        if name not in params.allowed and body.pop(name, None) is not None:
            changed.append(f"dropped {name}")
    return changed
