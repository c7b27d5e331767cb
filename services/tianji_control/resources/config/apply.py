"""Stores what the config file says: its models follow it, those made by calls stay beside them."""

from __future__ import annotations

import logging
from typing import Any

from msgspec import Struct

from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import DEPLOYMENT, SETTINGS
from tianji.store.locks import Lock
from tianji.store.rows import run
from tianji_control import credentials
from tianji_control.change import Change
from tianji_control.config_file import FileConfig, FileModel
from tianji_control.resources.config.store import GLOBAL, Q, SettingsRow, save_settings, settings_for_update
from tianji_control.resources.models import store as models
from tianji_control.resources.models.store import DeploymentRow

log = logging.getLogger(__name__)


class Applied(Struct, frozen=True):
    """What a reading of the config file changed, by id."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    settings_changed: bool

    def counts(self) -> dict[str, object]:
        """Return the same for the log."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "removed": len(self.removed),
            "settings_changed": self.settings_changed,
        }


async def apply(change: Change, file: FileConfig) -> Applied:
    """Make the file's records those of the file; only what differs is written."""
    await run(change.db, Q.lock, lock=Lock.CONFIG_FILE)
    settings_changed = await _apply_settings(change, file)
    if file.models is None:
        return Applied([], [], [], settings_changed)
    stored = {row.id: row for row in await models.from_file(change.db)}
    taken = await models.ids_from_api(change.db, [model.id for model in file.models])
    added: list[str] = []
    changed: list[str] = []
    for model in file.models:
        if model.id in taken:
            log.error("a model of the config file has the id of one made by a call", extra={"id": model.id})
            continue
        before = stored.pop(model.id, None)
        if before is not None and _same(before, model, file):
            continue
        row = _row(model, file, change.actor.name, before)
        await models.save(change.db, row)
        await change.note(DEPLOYMENT, model.id, "config:reload", before=before, after=row)
        (added if before is None else changed).append(model.id)
    for id, gone in stored.items():
        await models.delete(change.db, id)
        await change.note(DEPLOYMENT, id, "config:reload", before=gone)
    return Applied(added, changed, sorted(stored), settings_changed)


async def _apply_settings(change: Change, file: FileConfig) -> bool:
    before = await settings_for_update(change.db)
    environment = _sealed({} if before is None else before.environment, file.environment, file.sealer)
    secrets = _sealed({} if before is None else before.secrets, file.secrets, file.sealer)
    row = SettingsRow(
        router=file.settings.router,
        calls=file.settings.calls,
        general=file.settings.general,
        master_key_hash=file.settings.master_key_hash,
        environment=environment,
        secrets=secrets,
    )
    if before == row:
        return False
    await save_settings(change.db, row)
    await change.note(SETTINGS, GLOBAL, "config:reload", before=before, after=row)
    return True


def _sealed(before: dict[str, str], now: dict[str, Any], sealer: Sealer) -> dict[str, str]:
    """Return values sealed, as they were where they are the same: sealing twice gives two different texts."""
    return before if credentials.same(before, now, sealer) else credentials.sealed(now, sealer)


def _same(row: DeploymentRow, model: FileModel, file: FileConfig) -> bool:
    plain = ("model_name", "provider", "model", "params", "info")
    return all(getattr(row, name) == getattr(model, name) for name in plain) and credentials.same(
        row.secrets, model.secrets, file.sealer
    )


def _row(model: FileModel, file: FileConfig, by: str, before: DeploymentRow | None) -> DeploymentRow:
    team_id = model.info.get("team_id")
    return DeploymentRow(
        id=model.id,
        model_name=model.model_name,
        provider=model.provider,
        model=model.model,
        params=model.params,
        secrets=credentials.sealed(model.secrets, file.sealer),
        info=model.info,
        team_id=team_id if isinstance(team_id, str) else None,
        source="file",
        blocked=model.info.get("blocked") is True,
        created_by=by if before is None else before.created_by,
        updated_by=by,
    )
