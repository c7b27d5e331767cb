"""From records to a snapshot: all the work about a configuration that need not be done per request.

What is wrong with one deployment becomes that deployment's problem. Only a record that cannot be
read fails the build: then the revision is not the one that was published.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from tianji.domain.deployments import Deployment
from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import (
    CONFIG_KINDS,
    DEPLOYMENT,
    PRICES,
    SETTINGS,
    TAG,
    Prices,
    Settings,
    record_id,
)
from tianji.domain.tenants import TagRecord
from tianji.errors import TianjiError
from tianji.pricing.adjusted import adjusted
from tianji.pricing.catalog import Catalog, shipped
from tianji.pricing.lookup import price_of
from tianji.pricing.packed import unpack
from tianji.providers import split_model
from tianji.providers.contract import Provider, Upstream
from tianji_gateway.limits.fleet import fleet_limits, target_chain
from tianji_gateway.routing.candidates import Candidates
from tianji_gateway.snapshot.apply import Revision
from tianji_gateway.snapshot.model import Snapshot
from tianji_gateway.snapshot.params import TIMEOUT_S, count_of, number_of, resolved
from tianji_gateway.snapshot.target import Target
from tianji_gateway.snapshot.weights import weighted

_log = logging.getLogger(__name__)

FindProvider = Callable[[str], Provider]

_ANY = ("", "*")
"""The provider of a deployment whose provider is part of the requested name (`*`)."""


class BuildFailed(TianjiError):
    """A record of this revision cannot be read."""


class _Ready(Struct, frozen=True):
    """A record, read and bound; kept from one snapshot to the next while its bytes are the same."""

    value: bytes
    deployment: Deployment
    target: Target


class _Given(Struct, frozen=True):
    """What all deployments of a revision are built with."""

    settings: Settings
    environ: Mapping[str, str]
    catalog: Catalog


class Builder:
    """Builds snapshots, each out of what is unchanged since the one before.

    One build at a time; it may run in a thread, nothing of it waits.
    """

    def __init__(self, sealer: Sealer, environ: Mapping[str, str], provider: FindProvider) -> None:
        """`provider` finds a provider by its name and raises a TianjiError for an unknown one."""
        self._sealer = sealer
        self._environ = environ
        self._provider = provider
        self._ready: dict[str, _Ready] = {}
        self._settings = Settings()
        self._prices: bytes | None = None
        self._catalog = shipped()

    def build(self, revision: Revision) -> Snapshot:
        """Return the snapshot of a revision. Raises BuildFailed and leaves all as it was."""
        settings = _settings_of(revision)
        prices = _record_of(revision, PRICES)
        catalog = self._catalog if prices == self._prices else _catalog_of(prices)
        known = self._ready if settings == self._settings and prices == self._prices else {}
        given = _Given(settings, self._environment(settings), catalog)
        ready: dict[str, _Ready] = {}
        for name, value in revision.records.items():
            if _kind_of(name) == DEPLOYMENT:
                before = known.get(name)
                same = before is not None and before.value == value
                ready[name] = before if before and same else self._read(name, value, given)
        self._ready, self._settings = ready, settings
        self._prices, self._catalog = prices, catalog
        return Snapshot(
            revision=revision.number,
            settings=settings,
            candidates=Candidates(
                _groups(ready.values()),
                settings.router.get("model_group_alias") or {},
                lambda target, model: self._concrete(target, model, given),
            ),
            allowed_ips=_allowed_ips(settings),
            limits=fleet_limits(settings, _tags(revision)),
            warnings=tuple(_warnings(ready.values())),
        )

    def _environment(self, settings: Settings) -> Mapping[str, str]:
        """Put the variables of the config file before those of this process."""
        try:
            opened = {name: self._sealer.open(sealed) for name, sealed in settings.environment.items()}
        except TianjiError as fault:
            _log.error("environment_variables of the config file are left out: %s", fault)
            return self._environ
        return {**self._environ, **opened}

    def _read(self, name: str, value: bytes, given: _Given) -> _Ready:
        try:
            deployment = msgspec.json.decode(value, type=Deployment)
        except msgspec.DecodeError as fault:
            raise BuildFailed(f"record {name} cannot be read: {fault}") from fault
        try:
            opened = self._opened(deployment, given.settings, given.environ)
        except TianjiError as fault:
            closed = structs.replace(deployment, secrets={})
            return _Ready(value, closed, _target(closed, None, str(fault), given))
        return _Ready(value, deployment, self._bind(opened, given))

    def _opened(self, deployment: Deployment, settings: Settings, environ: Mapping[str, str]) -> Deployment:
        """Open the secrets, fill in references to the environment, merge the defaults."""
        secrets = {name: self._sealer.open_value(sealed) for name, sealed in deployment.secrets.items()}
        defaults = settings.router.get("default_litellm_params") or {}
        given = defaults | deployment.params | secrets
        trusted = deployment.source == "file"
        params = resolved(given, environ, trusted=trusted)
        return structs.replace(deployment, params=params, secrets={})

    def _bind(self, deployment: Deployment, given: _Given) -> Target:
        if deployment.provider in _ANY:
            return _target(deployment, None, "its provider is part of the requested model's name", given)
        try:
            options = given.settings.calls | {"environment": given.environ}
            upstream = self._provider(deployment.provider).bind(deployment, options)
        except TianjiError as fault:
            return _target(deployment, None, fault.message, given)
        except Exception as fault:  # noqa: BLE001  # a provider module may be anyone's
            _log.exception("provider %s failed to bind deployment %s", deployment.provider, deployment.id)
            problem = f"provider {deployment.provider} cannot use it ({type(fault).__name__})"
            return _target(deployment, None, problem, given)
        return _target(deployment, upstream, "", given)

    def _concrete(self, target: Target, model: str, given: _Given) -> Target:
        """Make a wildcard's target into one for the model that was asked for.

        Raises BadRequest where the provider would be part of that name and is none.
        """
        deployment = structs.replace(target.deployment, model=model)
        if deployment.provider in _ANY:
            provider, model = split_model(model, deployment.params)
            deployment = structs.replace(deployment, provider=provider, model=model)
        elif target.bound is None:
            return structs.replace(target, deployment=deployment)
        return structs.replace(self._bind(deployment, given), weight=target.weight)


def _target(deployment: Deployment, bound: Upstream | None, problem: str, given: _Given) -> Target:
    settings = given.settings
    params, router = deployment.params, settings.router
    usual_s = number_of(router.get("timeout")) or number_of(settings.calls.get("request_timeout"))
    timeout_s = number_of(params.get("timeout")) or usual_s or TIMEOUT_S
    stream_s = number_of(params.get("stream_timeout")) or number_of(router.get("stream_timeout"))
    tags = params.get("tags")
    parallel = count_of(params.get("max_parallel_requests"))
    parallel = parallel or count_of(router.get("default_max_parallel_requests"))
    return Target(
        deployment=deployment,
        bound=bound,
        problem=problem,
        price=adjusted(
            price_of(deployment.provider, deployment.model, params | deployment.info, catalog=given.catalog),
            deployment.provider,
            deployment.model,
            _mapping(settings.calls.get("cost_discount_config")),
            _mapping(settings.calls.get("cost_margin_config")),
        ),
        weight=1.0,
        order=count_of(params.get("order")) or 0,
        tags=frozenset(map(str, tags)) if isinstance(tags, list) else frozenset(),
        chain=target_chain(deployment, settings, parallel),
        timeout_s=timeout_s,
        stream_timeout_s=stream_s or timeout_s,
    )


def _record_of(revision: Revision, kind: str) -> bytes | None:
    """Return the record of a kind that has but one."""
    return next((value for name, value in revision.records.items() if _kind_of(name) == kind), None)


def _settings_of(revision: Revision) -> Settings:
    value = _record_of(revision, SETTINGS)
    try:
        return Settings() if value is None else msgspec.json.decode(value, type=Settings)
    except msgspec.DecodeError as fault:
        raise BuildFailed(f"the record of the settings cannot be read: {fault}") from fault


def _catalog_of(value: bytes | None) -> Catalog:
    """Open the published price table; without one the shipped one holds."""
    if value is None:
        return shipped()
    try:
        return unpack(msgspec.json.decode(value, type=Prices).packed)
    except (msgspec.DecodeError, TianjiError) as fault:
        raise BuildFailed(f"the record of the prices cannot be read: {fault}") from fault


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _allowed_ips(settings: Settings) -> tuple[str, ...] | None:
    listed = settings.general.get("allowed_ips")
    return tuple(str(one) for one in listed) if isinstance(listed, list) else None


def _tags(revision: Revision) -> list[TagRecord]:
    found: list[TagRecord] = []
    for name, value in revision.records.items():
        if _kind_of(name) == TAG:
            try:
                found.append(msgspec.json.decode(value, type=TagRecord))
            except msgspec.DecodeError as fault:
                raise BuildFailed(f"record {name} cannot be read: {fault}") from fault
    return found


def _kind_of(name: str) -> str:
    """Return a record's kind; empty for one that a newer control plane has published."""
    try:
        kind, _ = record_id(name)
    except ValueError as fault:
        raise BuildFailed(f"a record has the unreadable name {name}") from fault
    return kind if kind in CONFIG_KINDS else ""


def _groups(ready: Iterable[_Ready]) -> dict[tuple[str | None, str], tuple[Target, ...]]:
    """Gather targets under the name (and team) they serve, in the order the models were made."""
    found: dict[tuple[str | None, str], list[Target]] = {}
    usable = [one for one in ready if not one.deployment.blocked]
    for one in sorted(usable, key=lambda one: (one.deployment.created_at, one.deployment.id)):
        deployment = one.deployment
        public = deployment.info.get("team_public_model_name") if deployment.team_id else None
        found.setdefault((deployment.team_id, public or deployment.model_name), []).append(one.target)
    return {key: weighted(targets) for key, targets in found.items()}


def _warnings(ready: Iterable[_Ready]) -> list[str]:
    return [
        f"model {one.deployment.model_name}, deployment {one.deployment.id}: {one.target.problem}"
        for one in ready
        if one.target.problem and one.deployment.provider not in _ANY
    ]
