"""Credential to `Principal`: a virtual key or the master key."""

from __future__ import annotations

import hmac
import time
from typing import Protocol

from msgspec import Struct

from tianji.domain.access import Chain, Refusal, barred, barred_address
from tianji.domain.addresses import client_of
from tianji.domain.keys import KeyRecord, hash_of, mask_of
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, ProjectRecord, TeamRecord, UserRecord
from tianji.errors import AuthenticationFailed, PermissionDenied, Unavailable
from tianji_gateway.flow.guesses import Guesses
from tianji_gateway.flow.receive import Call
from tianji_gateway.snapshot.model import Snapshot

_HEADERS = (b"api-key", b"x-api-key", b"x-goog-api-key", b"ocp-apim-subscription-key")
_MASTER_USER = "default_user_id"


class Keys(Protocol):
    """Where keys, teams and users are looked up; None means: there is none of that name."""

    def holds(self, hash: str) -> bool:
        """Say whether a key is answered without asking another server."""

    async def key(self, hash: str) -> KeyRecord | None:
        """Return a key by its hash."""

    async def team(self, id: str) -> TeamRecord | None:
        """Return a team."""

    async def user(self, id: str) -> UserRecord | None:
        """Return a user."""

    async def organization(self, id: str) -> OrganizationRecord | None:
        """Return an organization."""

    async def customer(self, id: str) -> CustomerRecord | None:
        """Return a customer."""

    async def project(self, id: str) -> ProjectRecord | None:
        """Return a project."""


class Principal(Struct):
    """Who is calling."""

    key: KeyRecord
    team: TeamRecord | None = None
    project: ProjectRecord | None = None
    user: UserRecord | None = None
    organization: OrganizationRecord | None = None
    customer: CustomerRecord | None = None
    master: bool = False

    @property
    def organization_id(self) -> str | None:
        """The organization that a call is spent in."""
        return self.organization.id if self.organization is not None else self.key.organization_id

    @property
    def chain(self) -> Chain:
        """The key with all that it belongs to."""
        return Chain(
            key=self.key,
            team=self.team,
            project=self.project,
            user=self.user,
            organization=self.organization,
            customer=self.customer,
        )


async def identify(
    call: Call, snapshot: Snapshot, keys: Keys, master_hash: str | None, guesses: Guesses
) -> Principal:
    """Return who is calling. Raises AuthenticationFailed, and RateLimited where too many were refused."""
    secret = _credential(call, snapshot)
    if not secret:
        raise AuthenticationFailed(
            "Authentication Error, No api key passed in. Send it as `Authorization: Bearer sk-...`"
        )
    hashed = hash_of(secret)
    if _is_master(hashed, snapshot.settings.master_key_hash) or _is_master(hashed, master_hash):
        return Principal(KeyRecord(hash=hashed, user_id=_MASTER_USER, alias="master key"), master=True)
    if not secret.startswith("sk-"):
        raise _malformed()
    key = await _looked_up(hashed, call.client_ip or "", keys, guesses)
    if key is not None and key.successor is not None:
        key = await _in_force(key, keys)
    if key is None:
        raise _unknown(secret)
    address = address_of(call, snapshot)
    if barred_address(key, address) is not None:
        raise PermissionDenied(
            f"Access forbidden: the key {key.alias or key.name} may not be used from {address}. "
            "An admin can add the address to the key's allowed_ips with /key/update"
        )
    team = await _team(key, keys)
    principal = Principal(
        key,
        team=team,
        project=await _project(key, keys),
        user=await keys.user(key.user_id) if key.user_id is not None else None,
        organization=await _organization(key, team, keys),
    )
    refusal = barred(principal.chain, time.time())
    if refusal is not None:
        raise _barred(refusal, key)
    return principal


async def serve_customer(principal: Principal, end_user: str | None, keys: Keys) -> None:
    """Note whom a call is made for. Raises PermissionDenied for a customer who is blocked.

    Who names a customer has been let in already: while customers cannot be looked up, one that is not in
    use here counts as unknown, like most of those that requests name.
    """
    if not end_user:
        return
    try:
        principal.customer = await keys.customer(end_user)
    except Unavailable:
        return
    refusal = barred(principal.chain, time.time())
    if refusal is not None and refusal.who == "customer":
        raise PermissionDenied(
            f"The customer {end_user} is blocked. An admin can free them with /customer/unblock", param="user"
        )


def _credential(call: Call, snapshot: Snapshot) -> str:
    headers = call.headers
    custom = snapshot.settings.general.get("litellm_key_header_name")
    first = (
        (b"x-litellm-api-key", custom.lower().encode("latin-1", "ignore"))
        if custom
        else (b"x-litellm-api-key",)
    )
    for name in (*first, b"authorization"):
        if name in headers:
            value = call.header(name) or ""
            scheme, _, rest = value.partition(" ")
            if scheme.lower() == "bearer":
                return rest.strip()
            if name != b"authorization":
                return value
    for name in _HEADERS:
        if name in headers:
            return call.header(name) or ""
    return call.parameter("key") or ""


def address_of(call: Call, snapshot: Snapshot) -> str | None:
    """Return where a call comes from; a proxy in front is believed where the config says so."""
    if not snapshot.settings.general.get("use_x_forwarded_for"):
        return call.client_ip
    return client_of(call.client_ip, call.header(b"x-forwarded-for"))


def _is_master(hashed: str, master_hash: str | None) -> bool:
    return master_hash is not None and hmac.compare_digest(hashed, master_hash)


async def _looked_up(hashed: str, address: str, keys: Keys, guesses: Guesses) -> KeyRecord | None:
    """Look a key up; one that is not held here costs its address a try, unless it is there."""
    if keys.holds(hashed):
        return await keys.key(hashed)
    guesses.take(address)
    try:
        key = await keys.key(hashed)
    except Unavailable:
        guesses.give_back(address)
        raise
    if key is not None:
        guesses.give_back(address)
    return key


async def _in_force(key: KeyRecord, keys: Keys) -> KeyRecord | None:
    """Follow a key that was replaced to the one that counts, so that both spend one budget and end together.

    Raises AuthenticationFailed where its grace is over, or it is blocked itself.
    """
    found: KeyRecord | None = key
    while found is not None and found.successor is not None:
        refusal = barred(Chain(key=found), time.time())
        if refusal is not None:
            raise _barred(refusal, found)
        found = await keys.key(found.successor)
    return found


def _malformed() -> AuthenticationFailed:
    return AuthenticationFailed(
        "Authentication Error, a virtual key was expected: it starts with 'sk-'. Was it copied whole?",
        param="key",
    )


def _unknown(secret: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"Authentication Error, Invalid proxy server token passed. There is no key {mask_of(secret)} here; "
        "it was deleted, or belongs to another gateway",
        type="token_not_found_in_db",
        param="key",
    )


def _barred(refusal: Refusal, key: KeyRecord) -> AuthenticationFailed:
    if refusal.rule == "expired":
        at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(key.expires))
        return AuthenticationFailed(
            f"Authentication Error - Expired Key. The key {key.alias or key.name} ended at {at}",
            type="expired_key",
            param="key",
        )
    if refusal.who == "key":
        return AuthenticationFailed(
            f"Authentication Error, Key is blocked: {key.alias or key.name}. "
            "An admin can free it with /key/unblock",
            param="key",
        )
    return AuthenticationFailed(
        f"Authentication Error, {refusal.who.capitalize()}={refusal.id} is blocked. "
        f"An admin can free it with /{refusal.who}/{'unblock' if refusal.who == 'team' else 'update'}",
        param=f"{refusal.who}_id",
    )


async def _team(key: KeyRecord, keys: Keys) -> TeamRecord | None:
    if key.team_id is None:
        return None
    team = await keys.team(key.team_id)
    if team is None:
        raise _gone("team", key.team_id)
    return team


async def _project(key: KeyRecord, keys: Keys) -> ProjectRecord | None:
    if key.project_id is None:
        return None
    project = await keys.project(key.project_id)
    if project is None:
        raise _gone("project", key.project_id)
    return project


async def _organization(key: KeyRecord, team: TeamRecord | None, keys: Keys) -> OrganizationRecord | None:
    """Return the organization of a key: that of its team, where the team has one."""
    id = (team.organization_id if team is not None else None) or key.organization_id
    if id is None:
        return None
    organization = await keys.organization(id)
    if organization is None:
        raise _gone("organization", id)
    return organization


def _gone(what: str, id: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"Authentication Error, the {what} of this key does not exist any more: {id}", param=f"{what}_id"
    )
