"""The rules of settings: what the config file says it owns; the rest is for calls to set."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import SETTINGS
from tianji.errors import BadRequest
from tianji.store.rows import Connection
from tianji_control.call import Call
from tianji_control.change import HIDDEN, Change, without_secrets
from tianji_control.resources.config.store import GLOBAL
from tianji_control.resources.settings import fields, store
from tianji_control.resources.settings.store import FieldRow, Sections
from tianji_control.spent import configured

log = logging.getLogger(__name__)

Map = dict[str, Any]


class Shown(Struct, frozen=True):
    """What calls have set in one section, as the audit log tells it."""

    section: str
    fields: Map


class Written(Struct, frozen=True):
    """What a write did."""

    stored: Map
    """All that calls have set in the section, secrets masked."""
    warnings: list[str]


class Origins(Struct, frozen=True):
    """What is set, and by whom."""

    file: Sections
    stored: dict[str, dict[str, FieldRow]]
    """By section and name."""

    def source(self, section: str, name: str) -> str:
        """Say where a field's value comes from: `config`, `db`, or `default`."""
        if name in self.file.of(section):
            return "config"
        return "db" if name in self.stored.get(section, {}) else "default"

    def value(self, section: str, name: str) -> Any:
        """Return a field's value as it may be shown; None where nobody set it."""
        owned = self.file.of(section)
        if name in owned:
            return HIDDEN if fields.is_secret(section, name) else without_secrets(owned[name])
        row = self.stored.get(section, {}).get(name)
        return None if row is None else masked(row)

    def values(self, section: str) -> Map:
        """Return all that is set in a section, as it may be shown."""
        names = {**self.stored.get(section, {}), **self.file.of(section)}
        return {name: self.value(section, name) for name in sorted(names)}


def masked(row: FieldRow) -> Any:
    """Return a stored value as it may be shown."""
    return HIDDEN if row.secret else without_secrets(row.value)


async def origins(db: Connection, *, for_update: bool = False) -> Origins:
    """Read all settings."""
    file = await store.from_file(db, for_update=for_update)
    stored: dict[str, dict[str, FieldRow]] = {}
    for row in await store.fields(db):
        stored.setdefault(row.section, {})[row.name] = row
    return Origins(file, stored)


async def write(call: Call, given: Mapping[str, Mapping[str, Any]], action: str) -> dict[str, Written]:
    """Set fields, by section; those not named stay. Raises BadRequest for one that calls may not set."""
    async with call.change() as change:
        before = await origins(change.db, for_update=True)
        warnings: dict[str, list[str]] = {}
        for section, values in given.items():
            wanted = {
                fields.name_of(section, name): value for name, value in values.items() if value is not None
            }
            refuse_owned(before, section, wanted)
            warnings[section] = [
                warning
                for name, value in wanted.items()
                if (warning := await _set(change, call.runtime.sealer, section, name, value))
            ]
        after = await _noted(change, before, given, action)
    return {section: Written(after[section], warnings[section]) for section in given}


async def alter(call: Call, section: str, name: str, how: Callable[[Any], Any], action: str) -> Any:
    """Make a field's value of the one before, under a lock; None unsets it. Return the new one."""
    async with call.change() as change:
        before = await origins(change.db, for_update=True)
        refuse_owned(before, section, [name])
        row = before.stored.get(section, {}).get(name)
        value = how(None if row is None else row.value)
        if value is None:
            await store.delete(change.db, section, name)
        else:
            await _set(change, call.runtime.sealer, section, name, value)
        await _noted(change, before, [section], action)
    return value


async def remove(call: Call, section: str, names: Iterable[str], action: str) -> Map:
    """Unset fields; return what calls have set in the section now, secrets masked."""
    async with call.change() as change:
        before = await origins(change.db, for_update=True)
        wanted = [fields.name_of(section, name) for name in names]
        refuse_owned(before, section, wanted)
        for name in wanted:
            if not await store.delete(change.db, section, name):
                message = f"Field name={name} not in config"
                raise BadRequest(message, type="bad_request_error", param=name)
        after = await _noted(change, before, [section], action)
    return after[section]


def refuse_owned(origins: Origins, section: str, names: Iterable[str]) -> None:
    """Raise BadRequest for fields that the config file sets."""
    owned = sorted(set(names) & origins.file.of(section).keys())
    if owned:
        are = "is" if len(owned) == 1 else "are"
        raise BadRequest(
            f"{section}: {', '.join(owned)} {are} set in the config file and cannot be changed here; edit "
            "the file and reload, or take it out of the file",
            type="bad_request_error",
            param=owned[0],
        )


async def _set(change: Change, sealer: Sealer, section: str, name: str, value: Any) -> str | None:
    fitted = fields.value_of(section, name, value)
    secret = fields.is_secret(section, name, fitted)
    if secret and fitted == HIDDEN:
        return None  # what a page read and sends back: the stored value stays
    row = FieldRow(section, name, sealer.seal_value(fitted) if secret else fitted, secret)
    if section == store.ENVIRONMENT:
        row = FieldRow(section, name, sealer.seal(fitted), secret)
    await store.save(change.db, row, change.actor.name)
    warning = fields.without_effect(section, name, fitted)
    if warning:
        log.warning("%s", warning)
    return warning


async def _noted(change: Change, before: Origins, sections: Iterable[str], action: str) -> dict[str, Map]:
    """Note the write for gateways and audit; return what is stored now."""
    after = await origins(change.db)
    now = {}
    for section in sections:
        then, now[section] = _stored(before, section), _stored(after, section)
        await change.record(
            SETTINGS, section, action, before=Shown(section, then), after=Shown(section, now[section])
        )
    await configured.follow(change.db)
    await change.tell(SETTINGS, GLOBAL)
    return now


def _stored(origins: Origins, section: str) -> Map:
    return {name: masked(row) for name, row in origins.stored.get(section, {}).items()}
