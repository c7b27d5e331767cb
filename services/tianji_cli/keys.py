"""The admin key and the salt key of a system: given, or made at its first start."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tianji.embedded import secrets
from tianji_cli.home import Home


class Keys(Struct, frozen=True):
    """The keys in force, the file that holds the admin key, and whether we made it ourselves."""

    master: str
    salt: str
    file: Path
    made: bool

    def __repr__(self) -> str:
        return "Keys(***)"


def settle_keys(home: Home, master: str | None, salt: str | None) -> Keys:
    """Take the keys that are given; make and keep those that are not."""
    salt = home.salt_key(salt)
    if not master:
        return Keys(home.kept_master_key(), salt, home.master_key, True)
    file = home.run / "master.key"  # for the example that `up` prints; gone when it stops
    file.parent.mkdir(exist_ok=True)
    secrets.write(file, master + "\n")
    return Keys(master, salt, file, False)


def forget(keys: Keys) -> None:
    """Remove the file of a key that is not ours to keep."""
    if not keys.made:
        keys.file.unlink(missing_ok=True)
