"""The permission table."""

from __future__ import annotations

import pytest

from tianji.errors import PermissionDenied
from tianji_control.access.permits import (
    MEMBER_GRANTS,
    PERMITS,
    Actor,
    Reach,
    Sight,
    Target,
    may,
    require,
    require_somewhere,
    sight,
)
from tianji_control.access.roles import IN_ORGANIZATION, IN_TEAM, SYSTEM, Role, role_of


def test_every_role_has_a_column() -> None:
    assert {frozenset(row) for row in PERMITS.values()} == {frozenset(Role)}


def test_roles_in_places_reach_no_further_than_their_place() -> None:
    for permission, row in PERMITS.items():
        for role, reach in row.items():
            if role in IN_ORGANIZATION.values():
                assert reach in (Reach.NONE, Reach.ORGANIZATION), (permission, role)
            if role in IN_TEAM.values():
                assert reach in (Reach.NONE, Reach.TEAM), (permission, role)


def test_what_teams_may_grant_is_in_the_table() -> None:
    assert set(MEMBER_GRANTS.values()) <= set(PERMITS)


def test_an_unknown_role_may_the_least() -> None:
    assert role_of("emperor") is role_of(None) is Role.CUSTOMER


def test_the_names_of_other_gateways_are_known() -> None:
    assert SYSTEM["superuser"] is Role.PROXY_ADMIN
    assert IN_ORGANIZATION["owner"] is IN_ORGANIZATION["org_owner"] is Role.ORG_OWNER
    assert IN_ORGANIZATION["internal_user"] is Role.ORG_MEMBER


def test_a_caller_without_a_user_does_not_own_what_has_none() -> None:
    actor = Actor(role=Role.INTERNAL_USER)
    assert not may(actor, "key:read", Target())
    assert not may(actor, "key:update", Target(team_id="t"))


def test_a_team_admin_reaches_the_team_and_no_further() -> None:
    actor = Actor(role=Role.INTERNAL_USER, user_id="u", teams={"t": Role.TEAM_ADMIN})
    assert may(actor, "key:update", Target(team_id="t", user_id="other", key_hash="x"))
    assert not may(actor, "key:update", Target(team_id="s", user_id="other"))
    assert not may(actor, "team:limit", Target(team_id="t"))
    assert not may(actor, "user:update", Target(team_id="t"))


def test_a_member_sees_the_team_but_not_the_keys_of_others() -> None:
    actor = Actor(role=Role.INTERNAL_USER, user_id="u", teams={"t": Role.TEAM_MEMBER})
    assert may(actor, "team:read", Target(team_id="t"))
    assert not may(actor, "key:read", Target(team_id="t", user_id="other", key_hash="x"))


def test_a_team_may_let_its_members_make_keys_for_themselves_and_the_team() -> None:
    granted = {"t": frozenset({"key:create"})}
    actor = Actor(role=Role.INTERNAL_USER, user_id="u", teams={"t": Role.TEAM_MEMBER}, team_grants=granted)
    assert may(actor, "key:create", Target(team_id="t"))
    assert may(actor, "key:create", Target(team_id="t", user_id="u"))
    assert not may(actor, "key:create", Target(team_id="t", user_id="other"))
    assert not may(actor, "key:delete", Target(team_id="t"))
    assert not may(actor, "key:create", Target(team_id="s"))
    assert not may(actor, "key:unowned", Target(team_id="t"))


def test_an_organization_admin_sees_who_is_in_it_and_changes_who_is_nowhere_else() -> None:
    actor = Actor(role=Role.INTERNAL_USER, user_id="u", organizations={"o": Role.ORG_ADMIN})
    both = frozenset({"o", "p"})
    assert may(actor, "user:read", Target(user_id="x", organizations=both))
    assert not may(actor, "user:update", Target(user_id="x", organizations=both))
    assert may(actor, "user:update", Target(user_id="x", organizations=frozenset({"o"})))
    assert not may(actor, "user:update", Target(user_id="x"))


def test_a_list_is_cut_down_to_what_the_caller_sees() -> None:
    actor = Actor(
        role=Role.INTERNAL_USER,
        user_id="u",
        key_hash="h",
        teams={"t": Role.TEAM_ADMIN, "s": Role.TEAM_MEMBER},
        organizations={"o": Role.ORG_VIEWER, "p": Role.ORG_MEMBER},
    )
    assert sight(actor, "key:read") == Sight(user_id="u", key_hash="h", teams=["t"], organizations=["o"])
    assert sight(actor, "team:read") == Sight(teams=["s", "t"], organizations=["o"])
    assert sight(Actor(role=Role.PROXY_ADMIN_VIEWER), "key:read").all


def test_a_refusal_says_who_may_not_do_what() -> None:
    with pytest.raises(PermissionDenied, match=r"customer.*model:create"):
        require(Actor(role=Role.CUSTOMER), "model:create")
    with pytest.raises(PermissionDenied, match=r"customer.*team:create"):
        require_somewhere(Actor(role=Role.CUSTOMER), "team:create")
