"""The races against what any 60 s allow: of requests, of tokens, of several limits at once."""

from __future__ import annotations

import asyncio
import time

from race.clients import Crowd
from race.outcome import Outcome, counts, in_first, most_within
from race.place import Place
from race.troubles import hurt

_MINUTE_S = 60.0
_LONGER_S = 15.0
_HURT_AFTER_S = 5.0


async def rpm(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Ask more often than a key may, for more than a minute."""
    limit = 600
    key, _ = await place.key(rpm_limit=limit, key_alias=name)
    crowd = Crowd(place.system.gateway_urls, key, name, most_words=1)
    await _race(place, trouble, clients, crowd)
    requests = [(at, 1) for at, _ in place.provider.came(name)]
    peak, used = most_within(requests, _MINUTE_S), in_first(requests, _MINUTE_S) / limit
    return Outcome(f"rpm {limit}", trouble, limit, peak, used, *counts(crowd), said=crowd.trouble)


async def tpm(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Use more tokens than a key may, in calls that could use five times as many as they do."""
    return await _tokens(place, trouble, name, clients, said=300)


async def tpm_unsaid(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Use more tokens than a key may, in calls that do not say how long their answers may be.

    What a call turns out to use beyond what was known of it can only be counted when it ends: each client
    may have one such answer under way, and one of which the other gateways have not heard yet.
    """
    return await _tokens(place, trouble, name, clients, said=None)


async def chain(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Ask for two models with two keys of a team: team, keys and each key's part of a model are limits."""
    of_team, of_key, of_model = 600, 400, 250
    team = await place.team(rpm_limit=of_team)
    crowds = {}
    for owner in ("a", "b"):
        alias = f"{name}-{owner}"
        limits = {"rpm_limit": of_key, "model_rpm_limit": {"m": of_model}, "team_id": team}
        key, _ = await place.key(key_alias=alias, **limits)
        for model in ("m", "n"):
            marker = f"{alias}-{model}"
            crowds[marker] = Crowd(place.system.gateway_urls, key, marker, model=model, most_words=1)
    await _race(place, trouble, max(1, clients // len(crowds)), *crowds.values())
    bounds = {name: of_team, f"{name}-a": of_key, f"{name}-b": of_key}
    bounds |= {f"{name}-a-m": of_model, f"{name}-b-m": of_model}
    came = {bound: [(at, 1) for at, _ in place.provider.came(bound)] for bound in bounds}
    peaks = {bound: most_within(came[bound], _MINUTE_S) for bound in bounds}
    tightest = max(bounds, key=lambda bound: peaks[bound] / bounds[bound])
    return Outcome(
        f"chain {bounds[tightest]}",
        trouble,
        bounds[tightest],
        peaks[tightest],
        in_first(came[tightest], _MINUTE_S) / bounds[tightest],
        *counts(*crowds.values()),
        said=", ".join(
            f"{bound.removeprefix(name) or 'team'} {peaks[bound]}/{bounds[bound]}" for bound in bounds
        )
        + "".join(crowd.trouble for crowd in crowds.values()),
    )


async def _tokens(place: Place, trouble: str, name: str, clients: int, *, said: int | None) -> Outcome:
    limit, most_words = 60_000, 100
    key, _ = await place.key(tpm_limit=limit, key_alias=name)
    gateways = place.system.gateway_urls
    crowd = Crowd(gateways, key, name, most_words=most_words, length=said, wait_ms=500)
    await _race(place, trouble, clients, crowd)
    tokens = place.provider.came(name)
    peak, used = most_within(tokens, _MINUTE_S), in_first(tokens, _MINUTE_S) / limit
    unknown = 0 if said else 2 * clients * most_words
    what = f"tpm {limit // 1000}k" + ("" if said else " unsaid")
    allowed = limit + unknown
    return Outcome(what, trouble, allowed, peak, used, *counts(crowd), said=crowd.trouble)


async def _race(place: Place, trouble: str, clients: int, *crowds: Crowd) -> None:
    """Let crowds of so many clients each ask for more than a minute."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for seed, crowd in enumerate(crowds, 1):
            group.create_task(crowd.run(clients, seed))
        await asyncio.sleep(_HURT_AFTER_S)
        await hurt(place, trouble)
        await asyncio.sleep(_MINUTE_S + _LONGER_S - (time.monotonic() - began))
        for crowd in crowds:
            crowd.stopping = True
