"""May a key do this: blocked, expired, routes and models, up the chain."""

from __future__ import annotations

import pytest

from tianji.domain.access import Chain, allows, barred, barred_model, barred_route
from tianji.domain.keys import KeyRecord
from tianji.domain.tenants import OrganizationRecord, TeamRecord, UserRecord


def chain(
    key: dict[str, object] | None = None,
    team: dict[str, object] | None = None,
    user: dict[str, object] | None = None,
    organization: dict[str, object] | None = None,
) -> Chain:
    return Chain(
        key=KeyRecord(hash="k", **(key or {})),  # type: ignore[arg-type]
        team=None if team is None else TeamRecord(id="t", **team),  # type: ignore[arg-type]
        user=None if user is None else UserRecord(id="u", **user),  # type: ignore[arg-type]
        organization=None if organization is None else OrganizationRecord(id="o", **organization),  # type: ignore[arg-type]
    )


def refused(held: Chain, model: str, groups: set[str] | None = None) -> str | None:
    refusal = barred_model(held, {model}, lambda: groups or set())
    return None if refusal is None else refusal.who


@pytest.mark.parametrize("who", ["key", "team", "user", "organization"])
def test_a_block_at_any_level_bars_the_key(who: str) -> None:
    held = {"team": {}, "user": {}, "organization": {}} | {who: {"blocked": True}}

    refusal = barred(chain(**held), 0)

    assert refusal is not None
    assert (refusal.rule, refusal.who) == ("blocked", who)


def test_a_key_ends_with_its_time() -> None:
    held = chain(key={"expires": 10.0})
    assert barred(held, 9) is None
    refusal = barred(held, 10)
    assert refusal is not None
    assert refusal.rule == "expired"


def test_every_level_must_allow_the_model() -> None:
    held = chain(
        key={"models": ["a", "b", "c"]}, team={"models": ["a", "b"]}, organization={"models": ["a", "c"]}
    )
    assert refused(held, "a") is None
    assert refused(held, "b") == "organization"
    assert refused(held, "c") == "team"
    assert refused(held, "d") == "key"


def test_an_empty_list_allows_all_that_the_others_do() -> None:
    assert refused(chain(team={}, organization={"models": ["a"]}), "b") == "organization"
    assert refused(chain(), "anything") is None


def test_a_key_may_take_over_the_list_of_its_team() -> None:
    held = chain(key={"models": ["all-team-models"]}, team={"models": ["a"]})
    assert refused(held, "a") is None
    assert refused(held, "b") == "team"


def test_a_users_list_counts_where_the_key_has_no_team() -> None:
    assert refused(chain(user={"models": ["a"]}), "b") == "user"
    assert refused(chain(user={"models": ["a"]}, team={}), "b") is None
    assert refused(chain(user={"models": ["no-default-models"]}), "a") == "user"


def test_access_groups_are_asked_for_only_where_no_name_suffices() -> None:
    def never() -> set[str]:
        raise AssertionError

    held = chain(key={"models": ["beta", "gpt-*"]})
    assert barred_model(held, {"gpt-4o"}, never) is None
    assert refused(held, "claude", {"beta"}) is None
    assert refused(held, "claude", {"gamma"}) == "key"


@pytest.mark.parametrize(
    ("entry", "name", "fits"),
    [
        ("*", "x", True),
        ("all-proxy-models", "x", True),
        ("openai/*", "openai/gpt", True),
        ("openai/*", "azure/gpt", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("ab*ba", "aba", False),
        ("x", "xy", False),
    ],
)
def test_entries_stand_for_names(entry: str, name: str, fits: bool) -> None:
    assert allows([entry], [name]) is fits


@pytest.mark.parametrize(
    ("entry", "covered", "barred_from"),
    [
        ("llm_api_routes", ["/v1/messages", "/v1/chat/completions", "/v1beta/models/m:generateContent"], []),
        (
            "openai_routes",
            ["/v1/chat/completions", "/v1/models"],
            ["/v1/messages", "/models/m:generateContent"],
        ),
        ("anthropic_routes", ["/v1/messages", "/v1/messages/count_tokens"], ["/v1/models", "/v1/messagesx"]),
        ("google_routes", ["/v1beta/models/m:generateContent", "/models/a/b:countTokens"], ["/v1/models/m"]),
        ("management_routes", [], ["/v1/messages"]),
        ("/v1/*", ["/v1/messages"], ["/messages"]),
        ("/v1/messages", ["/v1/messages", "/v1/messages/count_tokens"], ["/v1/messages-too"]),
        ("/key/*", [], ["/v1/messages"]),
    ],
)
def test_routes_of_a_key(entry: str, covered: list[str], barred_from: list[str]) -> None:
    key = KeyRecord(hash="k", allowed_routes=[entry])
    assert [path for path in covered if barred_route(key, path) is not None] == []
    assert [path for path in barred_from if barred_route(key, path) is None] == []
    assert barred_route(KeyRecord(hash="k"), "/v1/messages") is None
