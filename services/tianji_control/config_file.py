"""The config file as one more writer: its models and settings as records that follow it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tianji.config import Loaded, ModelEntry, as_written, load, revealed, without_secrets
from tianji.config.alerting import ADDRESSES
from tianji.config.references import Reference, holds_secret
from tianji.domain.keys import hash_of
from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import Settings
from tianji.errors import BadRequest
from tianji.providers import split_model
from tianji.settings import PREFIXES, SERVER_URLS, Secret
from tianji_control import credentials
from tianji_control.settings import ControlSettings

ANY = "*"
"""A model that stands for all models of all providers."""

log = logging.getLogger(__name__)


class ConfigRefused(BadRequest):
    """The config file has errors; the configuration stays as it was."""


class FileModel(Struct, frozen=True):
    """A deployment as the file says it; credentials are still open, so it is never shown."""

    id: str
    model_name: str
    provider: str
    model: str
    params: dict[str, Any]
    secrets: dict[str, Any]
    info: dict[str, Any]


class FileConfig(Struct, frozen=True):
    """All that a file says, ready to be stored."""

    models: list[FileModel] | None
    """None when there is no file: what an earlier file said stays."""
    settings: Settings
    environment: dict[str, str]
    """Variables for the providers, still open."""
    credentials: dict[str, dict[str, Any]]
    """What `credential_list` names, still open."""
    secrets: dict[str, Any]
    """Settings that hold secrets and that only our own services read, still open."""
    master_key: Secret
    sealer: Sealer
    warnings: list[str]


async def read(settings: ControlSettings) -> FileConfig:
    """Read the config file that the settings name. Raises ConfigRefused with every error, one a line."""
    loaded = None
    if settings.config is not None:
        loaded = await asyncio.to_thread(load, Path(settings.config), os.environ)
        if loaded.errors:
            raise ConfigRefused("\n".join(str(problem) for problem in loaded.errors))
    master_key = settings.master_key or _master_key(loaded)
    if not master_key:
        raise ConfigRefused("There is no master key: set TIANJI_MASTER_KEY, or general_settings.master_key")
    sealer = Sealer((settings.salt_key or master_key).reveal())
    return FileConfig(
        models=None if loaded is None else _models(loaded),
        settings=_settings(loaded, hash_of(master_key.reveal())),
        environment={} if loaded is None else _environment(loaded),
        credentials={} if loaded is None else {name: c.values for name, c in loaded.credentials.items()},
        secrets={} if loaded is None else _secrets(loaded.general_settings),
        master_key=master_key,
        sealer=sealer,
        warnings=[] if loaded is None else [str(problem) for problem in loaded.warnings],
    )


def _master_key(loaded: Loaded | None) -> Secret | None:
    given = None if loaded is None else revealed(loaded.general_settings.get("master_key"))
    return Secret(str(given)) if given else None


def _settings(loaded: Loaded | None, master_key_hash: str) -> Settings:
    if loaded is None:
        return Settings(master_key_hash=master_key_hash)
    return Settings(
        router=_plain(loaded.router_settings),
        calls=_plain(loaded.litellm_settings),
        general=_plain({n: v for n, v in loaded.general_settings.items() if n != ADDRESSES}),
        master_key_hash=master_key_hash,
    )


def _secrets(general: dict[str, Any]) -> dict[str, Any]:
    """Return the addresses that alerts go to; one whose variable is not set is none."""
    addresses = revealed(general.get(ADDRESSES))
    return {ADDRESSES: addresses} if addresses else {}


def _environment(loaded: Loaded) -> dict[str, str]:
    """Return the variables that gateways may have: never our own, nor a way to the database."""
    return {
        name: value.reveal()
        for name, value in loaded.environment.items()
        if not name.startswith(PREFIXES) and name not in SERVER_URLS
    }


def _plain(section: dict[str, Any]) -> dict[str, Any]:
    """Return what of a section may be known to all: no secret, and no reference that may hold one."""
    plain, held = without_secrets(section)
    for name, value in held.items():
        if isinstance(value, Reference) and value.value is not None and not holds_secret(name):
            plain[name] = revealed(value)
    return plain


def _models(loaded: Loaded) -> list[FileModel]:
    models: dict[str, FileModel] = {}
    for entry in loaded.models:
        model = _model(entry, loaded)
        if model.id in models:
            if "id" in entry.model_info:
                raise ConfigRefused(
                    f"{entry.path}.model_info.id: {model.id} is given twice in {entry.place.file}"
                )
            twin = sum(other.id.startswith(model.id) for other in models.values()) + 1
            model = msgspec.structs.replace(model, id=f"{model.id}-{twin}")
        models[model.id] = model
    return list(models.values())


def _model(entry: ModelEntry, loaded: Loaded) -> FileModel:
    given = dict(entry.params)
    named = given.get("litellm_credential_name")
    if isinstance(named, str) and named in loaded.credentials:
        given = loaded.credentials[named].values | given
    params, secrets = credentials.parted(given)
    provider, model = _named(str(params.pop("model")), params, entry)
    info = revealed(entry.model_info)
    return FileModel(
        id=str(info.get("id") or _id_of(entry)),
        model_name=entry.model_name,
        provider=provider,
        model=model,
        params=params,
        secrets=secrets,
        info=info,
    )


def _named(model: str, params: dict[str, Any], entry: ModelEntry) -> tuple[str, str]:
    """Split a model's name; one whose provider is not known answers with that, the others work."""
    if model == ANY:
        return ANY, ANY
    try:
        return split_model(model, params)
    except BadRequest as fault:
        place = f"{entry.place.file}:{entry.place.line}"
        log.warning("%s: %s.litellm_params.model: %s", place, entry.path, fault.message)
        return model.partition("/")[0], model.partition("/")[2] or model


def _id_of(entry: ModelEntry) -> str:
    """Name a deployment by what it is, so that it keeps its id over restarts and a change of its key."""
    shown = {name: value for name, value in entry.params.items() if not isinstance(value, Secret)}
    told = msgspec.json.encode([entry.model_name, as_written(shown)], order="sorted", enc_hook=str)
    return hashlib.sha256(told).hexdigest()
