"""Where alerts go, as settings and environment say it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tianji.config.alerting import BUDGETS, wants_budget_alerts
from tianji.domain.sealed import Sealer
from tianji.errors import TianjiError
from tianji.settings import Secret
from tianji.store.rows import Connection, one
from tianji_worker.alerts.channels.email import VARIABLES, Mail, mail_of
from tianji_worker.alerts.channels.table import CHANNELS
from tianji_worker.alerts.holders import Q
from tianji_worker.settings import WorkerSettings

log = logging.getLogger(__name__)


class Stored(Struct, frozen=True):
    """The settings that say where alerts go."""

    general: dict[str, Any]
    environment: dict[str, str]
    addresses: str | None


class Target(Struct, frozen=True):
    """An address that alerts go to."""

    channel: str
    address: Secret

    @property
    def id(self) -> str:
        """Name the target without giving its address away."""
        return f"{self.channel}:{hashlib.sha256(self.address.reveal().encode()).hexdigest()[:16]}"


class Aim(Struct, frozen=True):
    """Who is to be told of budgets."""

    wanted: bool
    """Whether anybody is, wherever the address is known: another worker may have it."""
    targets: tuple[Target, ...] = ()
    mail: Mail | None = None

    @property
    def anywhere(self) -> bool:
        """Whether this worker can tell anybody."""
        return bool(self.targets) or self.mail is not None


EMAIL = "email"


def mail_target(email: str) -> str:
    """Name an e-mail address as the target of an alert."""
    return f"{EMAIL}:{email}"


NOBODY = Aim(False)


class Targets:
    """Reads where alerts go; says once why an address cannot be read."""

    def __init__(self, settings: WorkerSettings) -> None:
        salt = settings.salt_key or settings.master_key
        self._sealer = Sealer(salt.reveal()) if salt else None
        own = {"SLACK_WEBHOOK_URL": settings.slack_webhook_url, "WEBHOOK_URL": settings.webhook_url}
        own |= {name: getattr(settings, name.lower()) for name in VARIABLES}
        self._own = {name: value.reveal() for name, value in own.items() if value}
        self._said: set[str] = set()

    async def read(self, db: Connection) -> Aim:
        """Return where alerts go now."""
        stored = await one(db, Q.settings, Stored)
        if stored is None or not wants_budget_alerts(stored.general):
            return NOBODY
        wanted = _texts(stored.general.get("alerting"))
        channels = [name for name in CHANNELS if name in wanted]
        found = (Target(name, Secret(at)) for name in channels for at in self._addresses(name, stored))
        mail = mail_of(lambda name: self._usual(name, stored.environment), every_event=EMAIL in wanted)
        if mail is None and EMAIL in wanted:
            self._say("alerts cannot go to email: set SMTP_HOST and SMTP_SENDER_EMAIL")
        asked = bool(channels) or EMAIL in wanted or mail is not None
        return Aim(asked, tuple(dict.fromkeys(found)), mail)

    def _addresses(self, channel: str, stored: Stored) -> list[str]:
        """Return the addresses of a channel: of the alert's type where they are said, else the usual one."""
        row = CHANNELS[channel]
        if row.by_type and stored.addresses is not None:
            said = _texts(self._open("alert_to_webhook_url", stored.addresses).get(BUDGETS))
            if said:
                return said
        usual = self._usual(row.variable, stored.environment)
        if usual is None:
            words = f"alerts cannot go to {channel}: {row.variable} is not set"
            self._say(words)
        return [] if usual is None else [usual]

    def _usual(self, name: str, environment: Mapping[str, str]) -> str | None:
        sealed = environment.get(name)
        if sealed is not None and (opened := self._open(name, sealed).get(name)):
            return str(opened)
        return self._own.get(name)

    def _open(self, name: str, sealed: str) -> Mapping[str, Any]:
        """Open a sealed setting: a mapping, or a text under its name; empty where that cannot be done."""
        if self._sealer is None:
            self._say(f"{name} of the settings cannot be read: set TIANJI_SALT_KEY for the worker, too")
            return {}
        try:
            opened = self._sealer.open_value(sealed)
        except TianjiError as fault:
            self._say(f"{name} of the settings cannot be read: {fault.message}")
            return {}
        return opened if isinstance(opened, dict) else {name: opened}

    def _say(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            log.warning("%s", words)


def _texts(said: Any) -> list[str]:
    given = said if isinstance(said, list) else [said]
    return [text for text in given if isinstance(text, str) and text]
