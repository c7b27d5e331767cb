"""Finding the servers' programs in the packages of the `embedded` extra, without importing them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

from tianji.errors import TianjiError


class PackageMissing(TianjiError):
    """A server is neither given by URL nor installed as a package."""

    def __init__(self, package: str, variable: str) -> None:
        super().__init__(
            f"the package {package} is not installed: set {variable} to the URL of a running server, "
            "or install the extra with: pip install 'tianji[embedded]'"
        )


def folder_of(module: str, package: str, variable: str) -> Path:
    """Return the folder of an installed module."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise PackageMissing(package, variable)
    return Path(spec.origin).parent


def file_of(package: str, name: str, variable: str) -> Path:
    """Return a file by name that an installed package brought."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise PackageMissing(package, variable) from None
    for file in files:
        if file.name == name:
            return Path(str(file.locate())).resolve()
    raise PackageMissing(package, variable)
