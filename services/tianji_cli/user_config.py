"""What `tianji up` itself takes from a user's config file; the services read the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from tianji.config import load, revealed
from tianji.embedded import secrets
from tianji.errors import BadRequest
from tianji_cli.default_config import default_config
from tianji_cli.home import Home


class Config(Struct, frozen=True):
    """A config file that can be used, and what it says about the system itself."""

    file: Path
    master_key: str = ""
    database_url: str = ""

    def __repr__(self) -> str:
        return f"Config({self.file})"


def settle_config(given: str | None, home: Home, environ: Mapping[str, str]) -> Config:
    """Check the given config file, or write the default one; raise with every fault of the file."""
    if not given:
        file = home.folder / "default_config.yaml"
        secrets.write(file, default_config(environ))
        return Config(file)
    file = Path(given).expanduser().absolute()
    loaded = load(file, environ)
    if loaded.errors:
        faults = "\n  ".join(map(str, loaded.errors))
        raise BadRequest(f"{file} cannot be used:\n  {faults}")
    general = revealed(loaded.general_settings)
    return Config(file, general.get("master_key") or "", general.get("database_url") or "")
