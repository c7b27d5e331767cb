"""The permission table."""

from __future__ import annotations

import pytest

from tianji.errors import PermissionDenied
from tianji_control.access.permits import PERMITS, Actor, Target, may, require
from tianji_control.access.roles import Role, role_of


def test_every_role_is_in_the_table() -> None:
    assert set(PERMITS) == set(Role)


def test_an_unknown_role_may_the_least() -> None:
    assert role_of("emperor") is role_of(None) is Role.CUSTOMER


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PROXY_ADMIN])
@pytest.mark.parametrize("action", ["user:write", "model:write", "config:write", "team:write"])
def test_only_the_proxy_admin_manages_what_is_everybodys(role: Role, action: str) -> None:
    actor = Actor(role=role, user_id="u", key_hash="h", team_id="t", member_of=frozenset({"t"}))
    assert not may(actor, action, Target(user_id="other", team_id="t"))


@pytest.mark.parametrize(
    "role", [Role.PROXY_ADMIN_VIEWER, Role.INTERNAL_USER_VIEWER, Role.TEAM, Role.CUSTOMER]
)
def test_those_who_only_read_write_not_even_their_own_keys(role: Role) -> None:
    actor = Actor(role=role, user_id="u", key_hash="h")
    assert not may(actor, "key:write", Target(user_id="u", key_hash="h"))


def test_a_caller_without_a_user_does_not_own_what_has_none() -> None:
    actor = Actor(role=Role.INTERNAL_USER)
    assert not may(actor, "key:read", Target())
    assert not may(actor, "key:write", Target(team_id="t"))


def test_a_team_admin_reaches_the_team_and_no_further() -> None:
    actor = Actor(role=Role.INTERNAL_USER, user_id="u", admin_of=frozenset({"t"}))
    assert may(actor, "key:write", Target(team_id="t", user_id="other", key_hash="x"))
    assert not may(actor, "key:write", Target(team_id="s", user_id="other"))
    assert not may(actor, "user:write", Target(team_id="t"))


def test_a_member_sees_the_team_but_not_the_keys_of_others() -> None:
    actor = Actor(role=Role.INTERNAL_USER, user_id="u", member_of=frozenset({"t"}))
    assert may(actor, "team:read", Target(team_id="t"))
    assert not may(actor, "key:read", Target(team_id="t", user_id="other", key_hash="x"))


def test_a_refusal_says_who_may_not_do_what() -> None:
    with pytest.raises(PermissionDenied, match=r"customer.*model:write"):
        require(Actor(role=Role.CUSTOMER), "model:write")
