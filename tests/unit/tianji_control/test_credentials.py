"""What of a model's parameters is sealed."""

from __future__ import annotations

from tianji.config.references import Reference
from tianji.domain.sealed import Sealer
from tianji.settings import Secret
from tianji_control.credentials import parted, same, sealed, wrapped

SEALER = Sealer("salt")


def test_credentials_are_parted_from_what_may_be_known() -> None:
    plain, secret = parted(
        {
            "api_base": "http://x",
            "api_key": Secret("k"),
            "unset": Reference("os.environ/NOT_HERE", ("NOT_HERE",)),
            "aws_secret_access_key": Reference("os.environ/HERE", ("HERE",), Secret("s")),
            "api_version": Reference("os.environ/VERSION", ("VERSION",), Secret("2026")),
            "extra_headers": {"Authorization": Secret("Bearer t"), "x": "y"},
            "rpm": 3,
        }
    )
    assert plain == {"api_base": "http://x", "unset": "os.environ/NOT_HERE", "api_version": "2026", "rpm": 3}
    assert secret == {
        "api_key": "k",
        "aws_secret_access_key": "s",
        "extra_headers": {"Authorization": "Bearer t", "x": "y"},
    }


def test_parameters_of_a_call_are_judged_by_their_names() -> None:
    given = {"api_key": "k", "model": "m", "vertex_credentials": {"private_key": "p"}, "tags": ["a"]}
    plain, secret = parted({name: wrapped(name, value) for name, value in given.items()})
    assert plain == {"model": "m", "tags": ["a"]}
    assert secret == {"api_key": "k", "vertex_credentials": {"private_key": "p"}}


def test_sealing_hides_and_keeps() -> None:
    secrets = {"api_key": "sk-1234567", "headers": {"a": [1, "b"]}}
    stored = sealed(secrets, SEALER)
    assert "1234567" not in str(stored)
    assert {name: SEALER.open_value(value) for name, value in stored.items()} == secrets
    assert same(stored, secrets, SEALER)
    assert not same(stored, {**secrets, "api_key": "other"}, SEALER)
    assert not same(stored, secrets, Sealer("another salt"))
