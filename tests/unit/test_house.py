"""The house keeps its shape: the map is true, and no room grows into a catch-all."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"`((?:services|libs|migrations|deploy|tests|docs)/[^`]*)`")
CATCH_ALLS = {"utils", "helpers", "common", "manager", "misc", "util", "helper"}


def places_on_the_map() -> list[str]:
    """Return every path that docs/map.md names."""
    return PLACE.findall((ROOT / "docs/map.md").read_text())


def extensions() -> list[str]:
    """Return every endpoint, flow step, resource, verb, provider and front."""
    patterns = (
        "services/tianji_gateway/endpoints/*.py",
        "services/tianji_control/resources/*/",
        "services/tianji_cli/verbs/*.py",
        "libs/tianji/providers/[a-z]*.py",
        "libs/tianji/wire/*/",
    )
    found = [path.relative_to(ROOT) for pattern in patterns for path in ROOT.glob(pattern)]
    return sorted(str(path) for path in found if not path.name.startswith("_"))


def test_every_place_on_the_map_is_there() -> None:
    assert [place for place in places_on_the_map() if not list(ROOT.glob(place.rstrip("/")))] == []


def test_every_extension_is_on_the_map() -> None:
    assert set(extensions()) - {place.rstrip("/") for place in places_on_the_map()} == set()


def test_no_module_is_a_catch_all() -> None:
    modules = [*ROOT.glob("services/**/*.py"), *ROOT.glob("libs/**/*.py")]

    assert [path for path in modules if path.stem in CATCH_ALLS] == []


def test_the_project_names_no_place_of_the_machine_it_was_written_on() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = [ROOT / name for name in listed.stdout.splitlines() if not name.endswith((".tiktoken", ".jsonl"))]
    place = re.compile(r"(^|[\s\"'(=])/(work|root|home/[a-z]+)/[a-z]")

    assert [file for file in files if file.is_file() and place.search(file.read_text(errors="replace"))] == []
