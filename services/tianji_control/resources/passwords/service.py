"""Setting and checking passwords."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, run, value

Q = Queries.beside(__file__)

SALT_BYTES = 16
HASH_BYTES = 32
ITERATIONS = 2
LANES = 1
MEMORY_KIB = 19 * 1024
"""What OWASP asks of Argon2id at the least; a check takes some 100 ms of a core."""

SHORTEST = 8
LONGEST = 1024


async def save(db: Connection, user_id: str, password: str, settings: Mapping[str, Any]) -> None:
    """Keep a user's new password. Raises BadRequest for one that the settings find too weak."""
    check_policy(password, settings)
    hashed = await asyncio.to_thread(_hashed, password)
    await run(db, Q.save, user_id=user_id, hash=hashed)


async def is_right(db: Connection, user_id: str, password: str) -> bool | None:
    """Say whether this is a user's password; None for who has none."""
    hashed = await value(db, Q.hash_of, str, user_id=user_id)
    return None if hashed is None else await asyncio.to_thread(_fits, password, hashed)


def check_policy(password: str, settings: Mapping[str, Any]) -> None:
    """Raise BadRequest for a password that breaks a rule of `password_policy_…`, naming all it breaks."""
    least = settings.get("password_policy_min_length")
    least = least if isinstance(least, int) and least > 0 else SHORTEST
    rules = {
        f"be at least {least} characters long": len(password) >= least,
        f"be at most {LONGEST} characters long": len(password) <= LONGEST,
    }
    for name, words, test in (
        ("password_policy_require_uppercase", "contain an uppercase letter", str.isupper),
        ("password_policy_require_lowercase", "contain a lowercase letter", str.islower),
        ("password_policy_require_numbers", "contain a digit", str.isdigit),
        ("password_policy_require_special_characters", "contain a special character", _is_special),
    ):
        if settings.get(name) is True:
            rules[words] = any(test(one) for one in password)
    if broken := [words for words, kept in rules.items() if not kept]:
        message = f"Password does not meet the required policy: must {', '.join(broken)}."
        raise BadRequest(message, type="validation_error", param="password")


def _is_special(one: str) -> bool:
    return not one.isalnum() and not one.isspace()


def _argon(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)


def _hashed(password: str) -> str:
    return _argon(os.urandom(SALT_BYTES)).derive_phc_encoded(password.encode())


def _fits(password: str, hashed: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), hashed)
    except InvalidKey:
        return False
    return True
